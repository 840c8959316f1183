import { expect, it } from 'vitest'
import { drawFigure2, tableOfFigure2 } from './draw.ts'
import { efficiency, imagesToReach, meanAndSpread } from './efficiency.ts'
import { bestOf, summarize } from './report.ts'

const images = [100, 200, 400, 800, 1600]
/** Accuracy that grows with the logarithm of images; `faster` reaches the same with so many times fewer. */
const curve = (faster: number) => images.map((n) => ({ images: n, accuracy: 0.1 * Math.log2((n * faster) / 50) }))

it('finds the images for an accuracy between two points, by their logarithm', () => {
  expect(imagesToReach(curve(1), 0.15)).toBeCloseTo(100 * Math.SQRT2)
  expect(imagesToReach(curve(1), 0.9)).toBeUndefined()
  expect(imagesToReach(curve(1), 0.05)).toBe(100)
})

it('takes a curve that falls again to have reached what it had', () => {
  const falling = [0.1, 0.4, 0.2, 0.6].map((accuracy, i) => ({ images: images[i]!, accuracy }))
  expect(imagesToReach(falling, 0.5)).toBeCloseTo(400 * Math.SQRT2)
})

it('measures efficiency as the ratio of images for the same accuracy', () => {
  const found = efficiency(curve(1), curve(4))!
  expect(found.ratio).toBeCloseTo(4)
  expect(found).toMatchObject({ accuracy: 0.5, images: { slow: 1600 } })
  expect(efficiency(curve(4), curve(1))!.ratio).toBeCloseTo(1 / 4)
  expect(efficiency(curve(1), curve(1024))).toBeUndefined()
})

it('takes the standard deviation of a sample for the spread', () => {
  expect(meanAndSpread([1, 2, 3])).toEqual({ mean: 2, spread: 1 })
  expect(meanAndSpread([5])).toEqual({ mean: 5, spread: null })
})

it('puts the runs of all seeds together, slowest objective first, and draws and tabulates them', () => {
  const runs = (
    [
      ['bow', 3],
      ['lm', 1],
    ] as const
  ).flatMap(([objective, faster]) =>
    [0, 1].map((seed) => ({
      objective,
      seed,
      learningRate: 1e-3,
      parameters: 1e6,
      loss: 1,
      curve: curve(faster + seed / 10),
    })),
  )
  const report = summarize({ data: 'a<b', val: 'c', chance: 0.1, images: 1600, batch: 8 }, runs)
  expect(report.objectives.map(({ objective }) => objective)).toEqual(['lm', 'bow'])
  const [step] = report.steps
  expect(step).toMatchObject({ from: 'lm', to: 'bow', beyondNoise: true, efficiency: { seeds: 2 } })
  expect(step!.efficiency!.mean).toBeCloseTo((3 + 3.1 / 1.1) / 2)
  expect(tableOfFigure2(report)).toContain('| transformer language model | bag of words prediction | 2.9× ± 0.1 |')
  expect(drawFigure2(report)).toMatch(/^<svg .*2\.9×.*<\/svg>\n$/s)
})

it('says of how many seeds an efficiency is, where some have no accuracy in common', () => {
  const run = (objective: 'lm' | 'bow', seed: number, faster: number) =>
    ({ objective, seed, learningRate: 1e-3, parameters: 1e6, loss: 1, curve: curve(faster) }) as const
  const runs = [run('lm', 0, 1), run('lm', 1, 1), run('bow', 0, 2), run('bow', 1, 1024)]
  const report = summarize({ data: 'a', val: 'c', chance: 0.1, images: 1600, batch: 8 }, runs)
  expect(tableOfFigure2(report)).toContain('| bag of words prediction | 2.0× (of 1 of 2 seeds) |')
})

it('claims no deviation from one seed', () => {
  const run = (objective: 'lm' | 'bow', faster: number) =>
    ({ objective, seed: 0, learningRate: 1e-3, parameters: 1e6, loss: 1, curve: curve(faster) }) as const
  const report = summarize({ data: 'a', val: '/somewhere/on/this/machine/c', chance: 0.1, images: 1600, batch: 8 }, [
    run('lm', 1),
    run('bow', 2),
  ])
  expect(report.objectives[0]!.curve.every(({ spread }) => spread === null)).toBe(true)
  expect(report.steps[0]).toMatchObject({ gain: { error: null }, beyondNoise: null, efficiency: { spread: null } })
  expect(tableOfFigure2(report)).not.toContain('±')
  expect(tableOfFigure2(report)).toContain('one seed: unknown')
  const far = summarize({ data: 'a', val: 'c', chance: 0.1, images: 1600, batch: 8 }, [run('lm', 1), run('bow', 1024)])
  expect(tableOfFigure2(far)).toContain('| not measurable |')
  const svg = drawFigure2(report)
  expect(svg).toContain('(zero-shot accuracy on c; one seed: no spread)')
  expect(svg).not.toContain('fill-opacity')
  expect(drawFigure2(report, 'zh')).toContain('一个种子')
})

it('chooses the rate by accuracy, and by the loss where that is equal', () => {
  const [slow, fast, worse] = [
    { learningRate: 1e-3, accuracy: 0.01, loss: 4.6 },
    { learningRate: 3e-3, accuracy: 0.01, loss: 4.3 },
    { learningRate: 1e-2, accuracy: 0, loss: 4 },
  ] as const
  expect(bestOf([slow, fast, worse])).toBe(fast)
})
