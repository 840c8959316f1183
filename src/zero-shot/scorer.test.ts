// Each objective learns to tell two colours by name, and its model, written and loaded again, classifies with them.

import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { spoil } from '../../test/spoil.ts'
import type { Clip } from '../clip/clip.ts'
import { load } from '../clip/load.node.ts'
import { CheckpointError, UsageError } from '../errors.ts'
import { openaiPreprocessing } from '../formats/openai.ts'
import type { Preprocessing } from '../image/transform.ts'
import type { ClipConfig } from '../model/config.ts'
import { initialize } from '../model/initialize.ts'
import { type ObjectiveName, objectives } from '../objectives/index.ts'
import { createRandom } from '../random.ts'
import { createRuntime } from '../runtime/onnxruntime.node.ts'
import { loadTokenizer } from '../tokenizer/vocabulary.node.ts'
import { saveModel } from '../training/run/saved-model.node.ts'
import { createTrainer } from '../training/step.ts'
import { classify, zeroShotScores } from './scorer.ts'

const size = 16
const transformer = {
  width: 16,
  layers: 2,
  heads: 1,
  mlpWidth: 64,
  activation: 'quickgelu',
  layerNormEpsilon: 1e-5,
} as const
const config: ClipConfig = {
  embedDim: 8,
  image: {
    kind: 'vision-transformer',
    ...transformer,
    imageSize: size,
    patchSize: 8,
    preNorm: true,
    pool: 'token',
    normAfterPool: false,
  },
  text: { ...transformer, contextLength: 16, vocabularySize: 49408, pool: 'argmax', endId: 49407 },
}
const preprocessing: Preprocessing = openaiPreprocessing(size)

/** One of 49,408 words has to be told, or one of two captions. */
const overWords = { steps: 70, learningRate: 6e-3 }
const overPairs = { steps: 40, learningRate: 3e-3 }

const colours = { red: [220, 30, 20], blue: [10, 40, 230] } as const
const names = Object.keys(colours) as (keyof typeof colours)[]
const picture = (name: keyof typeof colours) => ({
  data: Uint8Array.from({ length: size * size * 3 }, (_, i) => colours[name][i % 3]!),
  width: size,
  height: size,
  channels: 3 as const,
})
const planes = (name: keyof typeof colours) =>
  Uint8Array.from({ length: 3 * size * size }, (_, i) => colours[name][Math.floor(i / (size * size))]!)

async function train(name: ObjectiveName, folder: string): Promise<void> {
  const objective = objectives[name]
  const trainer = await createTrainer({
    runtime: createRuntime({ threads: 1 }),
    config,
    preprocessing,
    objective,
    optimizer: { beta1: 0.9, beta2: 0.98, eps: 1e-6, weightDecay: 0 },
  })
  for (const slot of trainer.parameters.slots.values()) {
    const initial = objective.initial?.[slot.name]
    const drawn = initialize(slot.name, slot.shape, config, createRandom(3, slot.name))
    trainer.parameters.values.set(initial === undefined ? drawn : [initial], slot.from)
  }
  const tokenizer = await loadTokenizer()
  const batch = {
    pixels: Uint8Array.from(names.flatMap((colour) => [...planes(colour)])),
    ids: names.map((colour) => tokenizer.encode(`a photo of a ${colour}.`)),
  }
  const { steps, learningRate } = objective.likelihood ? overWords : overPairs
  for (let t = 1; t <= steps; t++) await trainer.step(batch, { t, learningRate })
  await saveModel(folder, trainer, {
    model: { config, preprocessing, shapes: new Map(), read: async () => undefined },
    step: steps,
  })
  await trainer.dispose()
}

describe.each(Object.keys(objectives) as ObjectiveName[])('a model of %s', (name) => {
  let folder: string
  let clip: Clip
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'typeclip-'))
    await train(name, folder)
    clip = await load(folder, { threads: 1 })
  }, 120_000)
  afterAll(async () => {
    await clip?.dispose()
    await rm(folder, { recursive: true, force: true })
  })

  it('is known by its parameters', () => {
    expect(clip.objective).toBe(name)
  })

  it('tells the colours it has learnt, each by its name', async () => {
    const found = await classify(clip, names.map(picture), names)
    expect(found.map(([first]) => first!.label)).toEqual(names)
    for (const labels of found) expect(labels.reduce((sum, { score }) => sum + score, 0)).toBeCloseTo(1, 5)
  })

  it('scores a class the same whatever others there are', async () => {
    const [two, one] = await Promise.all([names, ['blue']].map((some) => zeroShotScores(clip, picture('red'), some)))
    expect(two!.shape).toEqual([1, 2])
    expect(one!.scores[0]).toBeCloseTo(two!.scores[1]!, 5)
  })

  if (objectives[name].likelihood) scoresByItself()
  else hasJointEmbedding()

  function hasJointEmbedding(): void {
    it('has a joint embedding', async () => {
      const [image, text] = await Promise.all([clip.encodeImage(picture('red')), clip.encodeText(['red', 'blue'])])
      expect([image.shape, text.shape]).toEqual([
        [1, 8],
        [2, 8],
      ])
      expect(clip.likelihood).toBeUndefined()
    })
  }

  function scoresByItself(): void {
    it('refuses to embed, and says what it can do', async () => {
      for (const call of [clip.encodeImage(picture('red')), clip.encodeText('red')]) {
        await expect(call).rejects.toThrow(UsageError)
        await expect(call).rejects.toThrow(/no joint embedding.*it can only classify/)
      }
    })

    it('scores by logarithms of probabilities, which a blank picture may be subtracted from', async () => {
      const plain = await zeroShotScores(clip, picture('red'), names)
      expect(plain.scores.every((score) => score < 0)).toBe(true)
      const less = await zeroShotScores(clip, picture('red'), names, { prior: true })
      const mean = preprocessing.mean.map((value) => Math.round(value * 255))
      const data = Uint8Array.from({ length: size * size * 3 }, (_, i) => mean[i % 3]!)
      const blank = await zeroShotScores(clip, { data, width: size, height: size, channels: 3 }, names)
      for (const i of names.keys()) expect(less.scores[i]).toBeCloseTo(plain.scores[i]! - blank.scores[i]!, 5)
    })

    it('refuses to score where its weights are no numbers', async () => {
      // The image encoder, then what turns its output into scores of words.
      const own = name === 'bow' ? 'bag_of_words.weight' : 'caption.token_embedding.weight'
      for (const parameter of ['visual.conv1.weight', own]) {
        const copy = await mkdtemp(join(tmpdir(), 'typeclip-'))
        await cp(folder, copy, { recursive: true })
        spoil(copy, parameter, Number.NaN, { all: true })
        const broken = await load(copy, { threads: 1 })
        const call = classify(broken, picture('red'), names)
        await expect(call).rejects.toThrow(CheckpointError)
        await expect(call).rejects.toThrow(`parameter ${parameter} [`)
        await broken.dispose()
      }
    })

    it('refuses a name without words', async () => {
      await expect(zeroShotScores(clip, picture('red'), ['red', ''], { templates: ['{}'] })).rejects.toThrow('no words')
    })
  }
})
