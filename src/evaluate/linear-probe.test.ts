import { expect, it } from 'vitest'
import { inRows, rowOf } from '../clip/matrix.ts'
import { createRandom } from '../random.ts'
import { createRuntime } from '../runtime/onnxruntime.node.ts'
import { scoresOf } from '../zero-shot/classifier.ts'
import { linearProbe } from './linear-probe.ts'

const runtime = createRuntime({ threads: 1 })
const names = ['a', 'b', 'c']
const width = 6

/** Three clouds, in one more dimension than needed times many of noise. */
function clouds(seed: number, n: number) {
  const random = createRandom('clouds', seed)
  const labels = Int32Array.from({ length: n }, (_, i) => i % 3)
  const features = Float32Array.from({ length: n * width }, (_, i) => {
    const [row, column] = [Math.floor(i / width), i % width]
    return random.normal(column === labels[row] ? 2 : 0, 1)
  })
  return { features: inRows(features, width), names, labels }
}

it('ends in a classifier of embeddings as they come', async () => {
  const train = clouds(1, 90)
  const { classifier, C, sweep } = await linearProbe(runtime, train)
  expect(classifier).toMatchObject({ names, normalize: false })
  expect([C, sweep]).toEqual([0.316, []])
  const right = Array.from(train.labels).filter((label, i) => {
    const z = scoresOf(classifier, rowOf(train.features, i))
    return z.indexOf(Math.max(...z)) === label
  })
  expect(right.length / 90).toBeGreaterThan(0.85)
})

it('sweeps the penalty from coarse to fine around the best, and takes the best that it saw', async () => {
  const seen: number[] = []
  const { C, sweep } = await linearProbe(runtime, clouds(1, 45), {
    validation: clouds(2, 300),
    onFit: (tried) => seen.push(tried.C),
  })
  expect(seen).toEqual(sweep.map((tried) => tried.C))
  expect(sweep.slice(0, 7).map((tried) => Math.round(Math.log10(tried.C)))).toEqual([-6, -4, -2, 0, 2, 4, 6])
  expect(sweep.length).toBeLessThanOrEqual(15)
  const best = Math.max(...sweep.map(({ accuracy }) => accuracy))
  const equal = sweep.filter(({ accuracy }) => accuracy === best)
  expect(C).toBe(equal.sort((a, b) => a.loss - b.loss)[0]!.C)
})

it('refuses validation pictures of a class that was not trained on', async () => {
  const other = { ...clouds(2, 30), names: ['a', 'b', 'x'] }
  await expect(linearProbe(runtime, clouds(1, 30), { validation: other })).rejects.toThrow('class x')
})
