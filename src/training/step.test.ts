import { expect, it } from 'vitest'
import { openaiPreprocessing } from '../formats/openai.ts'
import type { ClipConfig } from '../model/config.ts'
import { initialize } from '../model/initialize.ts'
import { isBuffer } from '../model/parameter-names.ts'
import { type ObjectiveName, objectives } from '../objectives/index.ts'
import { createRandom } from '../random.ts'
import { createRuntime } from '../runtime/onnxruntime.node.ts'
import type { Batch } from './collate.ts'
import { createTrainer, type Trainer, type TrainerOptions } from './step.ts'

const transformer = { width: 64, heads: 1, mlpWidth: 128, layerNormEpsilon: 1e-5, activation: 'quickgelu' as const }
const config: ClipConfig = {
  embedDim: 32,
  image: {
    ...transformer,
    kind: 'vision-transformer',
    layers: 2,
    imageSize: 16,
    patchSize: 8,
    preNorm: true,
    pool: 'token',
    normAfterPool: true,
  },
  text: { ...transformer, layers: 1, contextLength: 8, vocabularySize: 100, pool: 'argmax', endId: 99 },
}

async function trainer(options: Partial<TrainerOptions> & { name?: ObjectiveName } = {}): Promise<Trainer> {
  const objective = objectives[options.name ?? 'contrastive']
  const made = await createTrainer({
    runtime: createRuntime(),
    config,
    preprocessing: openaiPreprocessing(16),
    objective,
    optimizer: { beta1: 0.9, beta2: 0.98, eps: 1e-6, weightDecay: 0.2 },
    ...options,
  })
  for (const { name, shape, from } of made.parameters.slots.values()) {
    made.parameters.values.set(initialize(name, shape, config, createRandom(1, name)), from)
  }
  return made
}

function batch(size: number): Batch {
  const random = createRandom('batch', size)
  return {
    pixels: Uint8Array.from({ length: size * 3 * 16 * 16 }, () => random.integer(256)),
    ids: Array.from({ length: size }, () => [
      98,
      ...Array.from({ length: 1 + random.integer(5) }, () => random.integer(98)),
      99,
    ]),
  }
}

const norm = (x: Float32Array): number => Math.sqrt(x.reduce((sum, value) => sum + value * value, 0))

it.each(Object.keys(objectives) as ObjectiveName[])('%s: 1,024 in chunks of 32 are 1,024 at once', async (name) => {
  const [whole, chunked] = [await trainer({ name }), await trainer({ name, chunk: 32 })]
  const examples = batch(1024)
  const [a, b] = [await whole.backward(examples), await chunked.backward(examples)]
  expect(Math.abs(b.loss / a.loss - 1)).toBeLessThan(1e-5)
  expect(b.accuracy).toBe(a.accuracy)
  for (const { name, from, to } of whole.parameters.slots.values()) {
    const [g, h] = [whole.gradients.subarray(from, to), chunked.gradients.subarray(from, to)]
    // What has a gradient at all: a key's bias has none but rounding.
    if (norm(g) > 1e-6 * norm(whole.gradients))
      expect(norm(g.map((x, i) => x - h[i]!)) / norm(g), name).toBeLessThan(1e-5)
  }
  await whole.dispose()
  await chunked.dispose()
})

it('takes a last chunk that is smaller', async () => {
  const [whole, chunked] = [await trainer(), await trainer({ chunk: 7 })]
  const examples = batch(30)
  expect((await chunked.backward(examples)).loss).toBeCloseTo((await whole.backward(examples)).loss, 5)
  await whole.dispose()
  await chunked.dispose()
})

it('leaves frozen parameters as they are, and trains the others', async () => {
  const locked = await trainer({ trained: (name) => !name.startsWith('visual.') })
  const before = locked.parameters.values.slice()
  await locked.step(batch(8), { t: 1, learningRate: 1e-2 })
  for (const { name, from, to } of locked.parameters.slots.values()) {
    const changed = locked.parameters.values.subarray(from, to).some((value, i) => value !== before[from + i])
    expect(changed, name).toBe(!name.startsWith('visual.'))
  }
  expect(locked.gradients.length).toBeLessThan(locked.parameters.values.length)
  await locked.dispose()
})

it('holds the gradient to the length that was asked for', async () => {
  const [free, held] = [await trainer(), await trainer({ clipGradient: 0.01 })]
  const examples = batch(8)
  const { gradientNorm } = await free.step(examples, { t: 1, learningRate: 0.1 })
  expect(gradientNorm).toBeGreaterThan(0.1)
  expect((await held.step(examples, { t: 1, learningRate: 0.1 })).gradientNorm).toBeCloseTo(gradientNorm, 4)
  expect(norm(held.moments.m) * 10).toBeCloseTo(0.01, 5)
  await free.dispose()
  await held.dispose()
})

it('does not take a step whose loss is not a number', async () => {
  const broken = await trainer()
  broken.parameters.values[broken.parameters.slots.get('visual.conv1.weight')!.from] = NaN
  const before = broken.parameters.values.slice()
  const { loss } = await broken.step(batch(4), { t: 1, learningRate: 1e-3 })
  expect(loss).toBeNaN()
  expect(broken.parameters.values).toEqual(before)
  await broken.dispose()
})

it('keeps the temperature within its bounds', async () => {
  const hot = await trainer()
  const { from } = hot.parameters.slots.get('logit_scale')!
  hot.parameters.values[from] = 4.7
  await hot.step(batch(4), { t: 1, learningRate: 1e-3 })
  expect(hot.parameters.values[from]).toBeCloseTo(Math.log(100), 6)
  await hot.dispose()
})

it('computes blocks once more with the same numbers', async () => {
  const [kept, again] = [await trainer(), await trainer({ recompute: true })]
  const examples = batch(16)
  const [a, b] = [await kept.backward(examples), await again.backward(examples)]
  expect(b.loss).toBeCloseTo(a.loss, 5)
  expect(norm(kept.gradients.map((g, i) => g - again.gradients[i]!)) / norm(kept.gradients)).toBeLessThan(1e-5)
  await kept.dispose()
  await again.dispose()
})

const resnet: ClipConfig = {
  ...config,
  image: { kind: 'modified-resnet', layers: [1, 1, 1, 1], width: 8, heads: 2, imageSize: 32 },
}
const pictures = (size: number): Batch => ({
  ...batch(size),
  pixels: Uint8Array.from({ length: size * 3 * 32 * 32 }, (_, i) => (i * 2654435761) >>> 24),
})
const ofResnet = { config: resnet, preprocessing: openaiPreprocessing(32) }
const statistics = ({ parameters: { slots, values } }: Trainer) =>
  [...slots.values()].filter(({ name }) => isBuffer(name)).map(({ from, to }) => values.slice(from, to))

it('a frozen ResNet keeps its statistics, and goes by them', async () => {
  const [free, locked] = [
    await trainer(ofResnet),
    await trainer({ ...ofResnet, trained: (name) => !name.startsWith('visual.') }),
  ]
  const [ofFree, ofLocked] = [statistics(free), statistics(locked)]
  expect(ofFree.length).toBeGreaterThan(0)
  const examples = pictures(8)
  const { loss } = await locked.loss(examples)
  const options = { t: 1, learningRate: 1e-3 }
  expect((await locked.step(examples, options)).loss).toBeCloseTo(loss, 5)
  await free.step(examples, options)
  expect(statistics(locked)).toEqual(ofLocked)
  expect(statistics(free)).not.toEqual(ofFree)
  await free.dispose()
  await locked.dispose()
})

it('the loss of a ResNet that nothing is learnt from goes by the statistics that were kept', async () => {
  const made = await trainer(ofResnet)
  const [few, more] = [pictures(4), pictures(8)]
  const alone = await made.loss(few)
  const before = statistics(made)
  await made.loss(more)
  expect(statistics(made)).toEqual(before)
  await made.backward(more)
  expect((await made.loss(few)).loss).not.toBeCloseTo(alone.loss, 5)
  await made[Symbol.asyncDispose]()
})
