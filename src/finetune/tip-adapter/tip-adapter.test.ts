import { beforeAll, describe, expect, it } from 'vitest'
import { apart, readAll, type Stored } from '../../../test/golden.ts'
import * as tolerance from '../../../test/tolerances.ts'
import { inRows, rowOf, rowRange } from '../../clip/matrix.ts'
import { predictions } from '../../evaluate/classification.ts'
import { createRuntime } from '../../runtime/onnxruntime.node.ts'
import { adamW } from '../../training/adamw.ts'
import { learningRateAt } from '../../training/schedule.ts'
import { scoresOf } from '../../zero-shot/classifier.ts'
import { unitFeatures, unitRows } from '../unit-features.ts'
import { trainKeys } from './keys.ts'
import { along, grid, searchAlphaBeta } from './search.ts'
import { cacheOf, createTipAdapter, firstGuess } from './tip-adapter.ts'

const runtime = createRuntime({ threads: 1 })
const [width, classes, n] = [16, 5, 20]
const names = Array.from({ length: classes }, (_, i) => `class ${i}`)

describe('beside PyTorch', async () => {
  const golden = await readAll('fixtures/finetune/tip-adapter.safetensors')
  const of = (name: string) => (golden.get(name) as Stored).data
  const labels = (name: string) => Int32Array.from(of(name))
  const words = { names, weights: of('weights').map((x) => 100 * x) }
  const views = Array.from({ length: 3 }, (_, i) => ({
    features: rowRange(inRows(of('views'), width), i * n, (i + 1) * n),
    names,
    labels: labels('labels'),
  }))
  const test = { features: inRows(of('test'), width), labels: labels('test_labels') }
  const cache = cacheOf(views)
  let adapter: Awaited<ReturnType<typeof createTipAdapter>>
  beforeAll(async () => {
    adapter = await createTipAdapter(runtime, words, cache)
    return () => adapter.dispose()
  })

  it('keeps the mean of the views, of unit length, as keys', () => {
    expect(apart(cache.keys, of('keys'))).toBeLessThan(1e-6)
    expect(cache).toMatchObject({ values: labels('labels'), ...firstGuess })
  })

  it('gives the same logits to 1e-5, by the graph and by the classifier that it ends in', async () => {
    const logits = of('logits')
    const most = Math.max(...logits.map(Math.abs))
    const byGraph = (await adapter.logits(test.features, cache)).data
    const byClassifier = Array.from(test.labels, (_, i) => [
      ...scoresOf({ ...words, cache }, rowOf(test.features, i)),
    ]).flat()
    expect(byGraph.length).toBe(logits.length)
    for (const found of [byGraph, byClassifier]) {
      for (const [i, z] of logits.entries()) expect(Math.abs(found[i]! - z) / most).toBeLessThan(1e-5)
    }
  })

  it('finds the same α and β on the same grid', async () => {
    const [beta, alpha, accuracy] = of('searched')
    const search = searchAlphaBeta(adapter, test, cache)
    let step = await search.next()
    while (!step.done) step = await search.next()
    expect(step.value.beta).toBeCloseTo(beta!, 5)
    expect(step.value.alpha).toBeCloseTo(alpha!, 5)
    expect(step.value.accuracy).toBeCloseTo(accuracy!, 6)
  })

  it('trains the keys as AdamW does: ten losses, and the keys after them', async () => {
    const first = unitFeatures(views[0]!, names)
    const keys = cache.keys.slice()
    const moments = { m: new Float32Array(keys.length), v: new Float32Array(keys.length) }
    const schedule = { kind: 'cosine', learningRate: 1e-3, warmup: 0, steps: 10 } as const
    for (const [step, loss] of of('losses').entries()) {
      const found = await adapter.gradient(first, { ...cache, keys })
      expect(Math.abs(found.loss - loss)).toBeLessThan(tolerance.training)
      const learningRate = learningRateAt(schedule, step)
      const how = { t: step + 1, learningRate, decayed: keys.length }
      adamW(keys, found.keys, moments, how, { beta1: 0.9, beta2: 0.999, eps: 1e-4, weightDecay: 0.01 })
    }
    expect(apart(keys, of('trained'))).toBeLessThan(tolerance.training)
    expect(apart(cache.keys, of('trained'))).toBeGreaterThan(1e-3)
  })

  it('takes the same ten steps by itself, and keeps the keys that do best', async () => {
    const view = unitFeatures(views[0]!, names)
    const options = { epochs: 10, learningRate: 1e-3, batch: 256, weightDecay: 0.01, seed: 0 }
    const training = trainKeys(adapter, cache, [view], view, options)
    const losses: number[] = []
    const accuracies: number[] = []
    let step = await training.next()
    for (; !step.done; step = await training.next()) {
      losses.push(step.value.numbers!.loss!)
      accuracies.push(step.value.numbers!['top-1']!)
    }
    for (const [i, loss] of of('losses').entries()) expect(Math.abs(losses[i]! - loss)).toBeLessThan(tolerance.training)
    const kept = predictions(await adapter.logits(view.features, step.value))
    const right = view.labels.filter((label, i) => kept[i] === label).length
    expect(right / n).toBe(Math.max(...accuracies))
  })
})

it('searches β from 0.1 in 200 steps and α in 20, both without their ends', () => {
  const [betas, alphas] = [along(grid.beta), along(grid.alpha)]
  expect([betas.length, betas[0], alphas.length, alphas[0]]).toEqual([200, 0.1, 20, 0.1])
  expect(betas.at(-1)).toBeCloseTo(7 - 6.9 / 200, 9)
  expect(alphas.at(-1)).toBeCloseTo(3 - 2.9 / 20, 9)
})

it('counts labels in the order of the classes that are learnt, and refuses others', () => {
  const features = Float32Array.of(3, 4, 0, 2)
  const found = { features: inRows(features, 2), names: ['b', 'a'], labels: Int32Array.of(0, 1) }
  expect(unitFeatures(found, ['a', 'b', 'c'])).toEqual({
    features: inRows(Float32Array.of(0.6, 0.8, 0, 1), 2),
    labels: Int32Array.of(1, 0),
  })
  expect(() => unitFeatures(found, ['b'])).toThrow('without a training image: a')
  expect(unitRows(inRows(features, 4)).data[1]).toBeCloseTo(4 / Math.sqrt(29), 6)
})

it('refuses views of other pictures', () => {
  const view = { features: inRows(new Float32Array(4), 2), labels: Int32Array.of(0, 0) }
  const less = { features: inRows(new Float32Array(2), 2), labels: Int32Array.of(0) }
  expect(() => cacheOf([view, less])).toThrow('view 1 has 1 images, and the first 2')
})
