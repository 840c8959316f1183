import { Tensor as Value } from 'onnxruntime-common'
import { describe, expect, it } from 'vitest'
import { gradients } from '../graph/gradient.ts'
import { toOnnx } from '../graph/onnx.ts'
import { type Dim, knownDim } from '../graph/shape.ts'
import { input, type Tensor } from '../graph/tensor.ts'
import type { ClipConfig, ImageTowerConfig } from '../model/config.ts'
import { initialize } from '../model/initialize.ts'
import { Parameters } from '../model/parameters.ts'
import { createRandom } from '../random.ts'
import { createRuntime } from '../runtime/onnxruntime.node.ts'
import { type ObjectiveName, objectiveOf, objectives } from './index.ts'
import { captionValues, exampleInputs } from './inputs.ts'
import type { Features } from './objective.ts'

const vocabulary = 50
const transformer = {
  width: 16,
  layers: 2,
  heads: 2,
  mlpWidth: 32,
  activation: 'gelu',
  layerNormEpsilon: 1e-5,
} as const
const towers: Record<string, ImageTowerConfig> = {
  'vision-transformer': {
    kind: 'vision-transformer',
    ...transformer,
    imageSize: 16,
    patchSize: 8,
    preNorm: true,
    pool: 'token',
    normAfterPool: false,
  },
  'modified-resnet': { kind: 'modified-resnet', imageSize: 64, width: 8, layers: [1, 1, 1, 1], heads: 4 },
}
const configOf = (image: ImageTowerConfig): ClipConfig => ({
  embedDim: 12,
  image,
  text: { ...transformer, contextLength: 8, vocabularySize: vocabulary, pool: 'argmax', endId: vocabulary - 1 },
})

/** Captions as token ids; `start` and `end` around them are put there. */
type Words = readonly (readonly number[])[]

function captionsOf(words: Words, length = Math.max(...words.map((one) => one.length)) + 2) {
  const rows = words.map((one) => [vocabulary - 2, ...one, vocabulary - 1])
  const ids = rows.flatMap((row) => Array.from({ length }, (_, i) => row[i] ?? 0))
  return captionValues(
    Int32Array.from(ids),
    rows.map((row) => row.length - 1),
  )
}

/** Parameters made as they are asked for; each is an input of the graph, or not there at all. */
function fromScratch(config: ClipConfig, name: ObjectiveName) {
  const values = new Map<string, Value>()
  const leaves = new Map<string, Tensor>()
  const parameters = new Parameters((parameter, shape) => {
    if (shape && !leaves.has(parameter)) {
      const initial = objectives[name].initial?.[parameter]
      const data =
        initial === undefined
          ? initialize(parameter, shape, config, createRandom(7, parameter))
          : Float32Array.of(initial)
      values.set(parameter, new Value('float32', data, [...shape]))
      leaves.set(parameter, input(parameter, 'float32', shape))
    }
    return leaves.get(parameter)
  })
  return { parameters, values, leaves }
}

const runtime = createRuntime({ threads: 1 })

async function run(graph: Record<string, Tensor>, values: Record<string, Value>): Promise<Record<string, number[]>> {
  const { inputs } = toOnnx(graph, (file) => file)
  const program = await runtime.compile(graph)
  const found = await program.run(Object.fromEntries(Object.entries(values).filter(([name]) => inputs.has(name))))
  await program.dispose()
  return Object.fromEntries(
    Object.entries(found).map(([name, { data }]) => [name, [...(data as Float32Array)].map(Number)]),
  )
}

function images(count: number, size: number): Value {
  const random = createRandom('images')
  const data = Float32Array.from({ length: count * 3 * size * size }, () => random.normal())
  return new Value('float32', data, [count, 3, size, size])
}

const captions: Words = [[1, 2, 3], [4, 4, 4, 5], [6], [7, 8, 9, 10, 11]]
const names = Object.keys(objectives) as ObjectiveName[]
const [vit, resnet] = [configOf(towers['vision-transformer']!), configOf(towers['modified-resnet']!)]

/** The features of a batch as inputs of another graph. */
const asInputs = (features: Features): Features =>
  Object.fromEntries(
    Object.entries(features).map(([name, { shape }]) => [name, input(name, 'float32', shape as readonly Dim[])]),
  )

describe.each(names)('%s', (name) => {
  const objective = objectives[name]

  it.each(Object.entries(towers))(
    'has a gradient for every parameter that it declares, with a %s',
    async (_, tower) => {
      const config = configOf(tower)
      const { parameters, values, leaves } = fromScratch(config, name)
      const loss = objective.loss(parameters, objective.features(parameters, exampleInputs(config), config))
      const trained = [...leaves.keys()].filter((parameter) => !parameter.includes('running_'))
      const found = gradients(
        loss,
        trained.map((parameter) => leaves.get(parameter)!),
      )
      const graph = { loss, ...Object.fromEntries(trained.map((parameter, i) => [`d/${parameter}`, found[i]!])) }
      const result = await run(graph, {
        ...Object.fromEntries(values),
        ...captionsOf(captions),
        image: images(captions.length, config.image!.imageSize),
      })
      for (const [key, data] of Object.entries(result)) expect(data.every(Number.isFinite), key).toBe(true)
      // A ResNet block initially adds nothing (bn3 starts at 0), so the gradients before bn3 in the block are zero.
      const still = trained.filter((parameter) => result[`d/${parameter}`]!.every((value) => value === 0))
      expect(still.filter((parameter) => !/layer\d\.\d\.(conv|bn)\d\./.test(parameter))).toEqual([])
    },
  )

  it('gives the same loss for features that were computed in two chunks', async () => {
    const { parameters, values } = fromScratch(vit, name)
    const features = objective.features(parameters, exampleInputs(vit), vit)
    const loss = objective.loss(parameters, features)
    const all = images(captions.length, 16)
    const fixed = Object.fromEntries(values)
    const whole = await run({ loss }, { ...fixed, ...captionsOf(captions), image: all })

    const half = 2 * knownDim(all.dims, 1) * 16 * 16
    const parts = await Promise.all(
      [0, 1].map((i) =>
        run(features, {
          ...fixed,
          ...captionsOf(captions.slice(2 * i, 2 * i + 2)),
          image: new Value('float32', (all.data as Float32Array).slice(i * half, (i + 1) * half), [2, 3, 16, 16]),
        }),
      ),
    )
    const joined = Object.keys(features).map((key) => {
      const data = Float32Array.from(parts.flatMap((part) => part[key]!))
      return [key, new Value('float32', data, [4, ...features[key]!.shape.slice(1).map(Number)])] as const
    })
    const again = await run(
      { loss: objective.loss(parameters, asInputs(features)) },
      { ...fixed, ...Object.fromEntries(joined) },
    )
    expect(again.loss![0]! / whole.loss![0]!).toBeCloseTo(1, 6)
  })

  it('gives the same loss whatever follows the end token', async () => {
    const { parameters, values } = fromScratch(vit, name)
    const loss = objective.loss(parameters, objective.features(parameters, exampleInputs(vit), vit))
    const losses = await Promise.all(
      [7, 8].map((length) =>
        run({ loss }, { ...Object.fromEntries(values), ...captionsOf(captions, length), image: images(4, 16) }),
      ),
    )
    expect(losses[1]!.loss![0]! / losses[0]!.loss![0]!).toBeCloseTo(1, 6)
  })

  it('stays finite for a caption without words', async () => {
    const { parameters, values, leaves } = fromScratch(vit, name)
    const loss = objective.loss(parameters, objective.features(parameters, exampleInputs(vit), vit))
    const [d] = gradients(loss, [leaves.get('visual.conv1.weight')!])
    const found = await run(
      { loss, d: d! },
      { ...Object.fromEntries(values), ...captionsOf([[], [3], [], [4, 5]]), image: images(4, 16) },
    )
    expect([...found.loss!, ...found.d!].every(Number.isFinite)).toBe(true)
  })

  it('is recognised by its parameters', () => {
    const { parameters, leaves } = fromScratch(vit, name)
    objective.loss(parameters, objective.features(parameters, exampleInputs(vit), vit))
    expect(objectiveOf((parameter) => leaves.has(parameter))).toBe(name)
  })
})

it('predicts uniformly before training', async () => {
  const { parameters, values } = fromScratch(resnet, 'lm')
  const loss = objectives.lm.loss(parameters, objectives.lm.features(parameters, exampleInputs(resnet), resnet))
  const found = await run({ loss }, { ...Object.fromEntries(values), ...captionsOf(captions), image: images(4, 64) })
  expect(found.loss![0]).toBeCloseTo(Math.log(vocabulary), 1)
})

describe('bag-of-words prediction', () => {
  async function nll(words: Words): Promise<number[]> {
    const { parameters, values } = fromScratch(vit, 'bow')
    const features = objectives.bow.features(parameters, exampleInputs(vit), vit)
    const fed = { ...captionsOf(words), image: images(words.length, 16) }
    return (await run(features, { ...Object.fromEntries(values), ...fed })).nll!
  }

  it('ignores the order and the repetition of words', async () => {
    const [once] = await nll([[1, 2, 3]])
    const [often] = await nll([[3, 1, 2, 1, 1]])
    expect(often).toBeCloseTo(once!, 6)
  })

  it('is the mean of the losses of the distinct words', async () => {
    const alone = await Promise.all([5, 9].map(async (word) => (await nll([[word]]))[0]!))
    const [both] = await nll([[5, 9, 5]])
    expect(both).toBeCloseTo((alone[0]! + alone[1]!) / 2, 5)
  })
})

it('is log 2 per pair with SigLIP if all logits are zero', async () => {
  const { parameters, values } = fromScratch(vit, 'siglip')
  const { loss: build, features } = objectives.siglip
  const loss = build(parameters, features(parameters, exampleInputs(vit), vit))
  values.set('logit_bias', new Value('float32', Float32Array.of(0), []))
  values.set('logit_scale', new Value('float32', Float32Array.of(-100), []))
  const found = await run({ loss }, { ...Object.fromEntries(values), ...captionsOf(captions), image: images(4, 16) })
  expect(found.loss![0]).toBeCloseTo(4 * Math.log(2), 5)
})

it('chooses the most similar text of the batch', async () => {
  const features = {
    imageEmbedding: input('image', 'float32', ['batch', 2]),
    textEmbedding: input('text', 'float32', ['batch', 2]),
  }
  const choices = objectives.contrastive.choices!(new Parameters(() => undefined), features)
  const matrix = (data: number[]) => new Value('float32', Float32Array.from(data), [3, 2])
  const found = await run({ choices }, { image: matrix([1, 0, 0, 1, -1, 0]), text: matrix([0, 3, 2, 0, -5, 1]) })
  expect(found.choices).toEqual([1, 0, 2])
})
