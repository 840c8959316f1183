import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { fromOpenClip } from '../formats/open-clip.ts'
import { createRandom } from '../random.ts'
import { initialize } from './initialize.ts'

type Spread = [shape: number[], mean: number, std: number, kurtosis: number, largest: number]
interface Golden {
  models: Record<string, { model_cfg: unknown; parameters: Record<string, Spread> }>
}

/** How open_clip's parameters are spread (fixtures/make/initialization.py). */
const golden = JSON.parse(
  readFileSync(new URL('../../fixtures/initialization.json', import.meta.url), 'utf8'),
) as Golden

function spread(x: Float32Array): Record<'mean' | 'std' | 'kurtosis' | 'largest', number> {
  const average = (of: (value: number) => number) => x.reduce((sum, value) => sum + of(value), 0) / x.length
  const mean = average((value) => value)
  const std = Math.sqrt(average((value) => (value - mean) ** 2))
  const kurtosis = std > 0 ? average((value) => ((value - mean) / std) ** 4) : 0
  return { mean, std, kurtosis, largest: x.reduce((most, value) => Math.max(most, Math.abs(value)), 0) }
}

describe.each(Object.entries(golden.models))('%s', (_, { model_cfg, parameters }) => {
  const config = fromOpenClip(model_cfg, 'fixtures/initialization.json')

  it('begins as open_clip does, within the error of two samples', () => {
    for (const [name, [shape, mean, std, kurtosis, largest]] of Object.entries(parameters)) {
      const ours = spread(initialize(name, shape, config, createRandom(1, name)))
      if (std < 1e-7) {
        expect(ours.std, name).toBe(0)
        expect(ours.largest, name).toBeCloseTo(largest, 5)
        continue
      }
      const n = shape.reduce((product, dim) => product * dim, 1)
      // Five standard errors of a difference of two samples; those of the kurtosis are a normal distribution's.
      expect(Math.abs(ours.mean - mean), `${name}: mean`).toBeLessThan((5 * std * Math.SQRT2) / Math.sqrt(n))
      expect(Math.abs(ours.std / std - 1), `${name}: standard deviation`).toBeLessThan(5 / Math.sqrt(n))
      if (n > 1000) {
        expect(Math.abs(ours.kurtosis - kurtosis), `${name}: kurtosis`).toBeLessThan(5 * Math.sqrt(48 / n))
      }
      if (kurtosis < 2 && n > 1000) expect(ours.largest / largest, `${name}: bound`).toBeCloseTo(1, 2)
    }
  })
})

it('draws the same from the same seed, and another parameter otherwise', () => {
  const config = fromOpenClip(golden.models['tiny-vit']!.model_cfg, 'fixtures/initialization.json')
  const draw = (...seeds: (number | string)[]) => initialize('visual.proj', [32, 24], config, createRandom(...seeds))
  expect(draw(1, 'visual.proj')).toEqual(draw(1, 'visual.proj'))
  expect(draw(1, 'visual.proj')).not.toEqual(draw(2, 'visual.proj'))
})

it('refuses a name that no part of a model has', () => {
  const config = fromOpenClip(golden.models['tiny-vit']!.model_cfg, 'fixtures/initialization.json')
  expect(() => initialize('visual.ears', [3], config, createRandom(1))).toThrow('visual.ears')
})
