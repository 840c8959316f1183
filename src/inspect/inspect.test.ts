import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { randomModel } from '../../test/random-model.ts'
import { openCheckpoint } from '../checkpoint/open.node.ts'
import { readTensor } from '../checkpoint/read.node.ts'
import type { Clip } from '../clip/clip.ts'
import { load } from '../clip/load.node.ts'
import { printGraph } from '../graph/print.ts'
import { imageGraph } from './image-pass.ts'
import { type Inspection, inspect } from './inspect.ts'
import { meanOverHeads, type Pass } from './stages.ts'
import { statisticsOf } from './statistics.ts'

/** An image without a file: a soft diagonal, wider than high. */
const picture = {
  width: 96,
  height: 80,
  channels: 3 as const,
  data: Uint8Array.from({ length: 96 * 80 * 3 }, (_, i) => ((i % 288) + (i / 288) * 2) % 256),
}
const texts = ['a photo of a red apple', 'two shoes']

const stageOf = ({ stages }: Pass, name: string) => stages.find((stage) => stage.name === name)!
const largestDifference = (a: Float32Array, b: Float32Array) =>
  a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0)

describe('a Vision Transformer', () => {
  let folder: string
  let clip: Clip
  let inspection: Inspection

  beforeAll(async () => {
    folder = await randomModel()
    clip = await load(folder)
    inspection = await inspect(clip, { image: picture, texts })
  }, 60_000)
  afterAll(() => clip.dispose())

  it('shows the image as the model sees it', async () => {
    const { size, pixels, grid, patchSize } = inspection.image!
    expect(pixels).toEqual(await clip.preprocess(picture))
    expect(grid).toEqual([size / patchSize, size / patchSize])
  })

  it('gives the checkpoint’s class token and position embeddings', async () => {
    const { learned } = inspection.image!
    const { tensors } = await openCheckpoint(join(folder, 'open_clip_model.safetensors'))
    const stored = async (name: string) => (await readTensor(tensors.get(name)!)) as Float32Array
    expect(learned!.classToken).toEqual(await stored('visual.class_embedding'))
    const positions = await stored('visual.positional_embedding')
    expect(learned!.positions.length).toBe(positions.length)
    expect(largestDifference(learned!.positions, positions)).toBeLessThan(1e-6) // a difference of sums, in float32
  })

  it('names every stage with its shape', () => {
    const { image } = clip.config
    if (image?.kind !== 'vision-transformer') throw new Error(`found a ${image?.kind}`)
    const [rows, columns] = inspection.image!.grid
    const positions = rows * columns + 1
    const shapes = Object.fromEntries(inspection.image!.stages.map(({ name, shape }) => [name, shape]))
    expect(shapes).toMatchObject({
      'visual.conv1': [1, image.width, rows, columns],
      'visual.patches': [1, positions - 1, image.width],
      'visual.class_embedding': [1, positions, image.width],
      'visual.positional_embedding': [1, positions, image.width],
      'visual.transformer.resblocks.0.attn.weights': [1, image.heads, positions, positions],
      'visual.transformer.resblocks.0.mlp.gelu': [1, positions, image.mlpWidth],
      [`visual.transformer.resblocks.${image.layers - 1}`]: [1, positions, image.width],
      'visual.pooled': [1, image.width],
      'visual.proj': [1, clip.config.embedDim],
    })
  })

  it('has attention rows that sum to 1', () => {
    for (const { attention } of [inspection.image!, ...inspection.texts]) {
      for (const { columns, weights } of attention) {
        for (let at = 0; at < weights.length; at += columns) {
          expect(weights.subarray(at, at + columns).reduce((a, b) => a + b)).toBeCloseTo(1, 5)
        }
      }
    }
    const [block] = inspection.texts[0]!.attention
    expect(meanOverHeads(block!, 0)[0]).toBeCloseTo(1, 6)
  })

  it('attends to no later token', () => {
    for (const { attention, mask, tokens } of inspection.texts) {
      const length = tokens.length
      const later = (i: number) => i % length > Math.floor(i / length) % length
      expect(mask.every((x, i) => x === (later(i) ? -Infinity : 0))).toBe(true)
      for (const { weights } of attention) expect(weights.every((x, i) => !later(i) || x === 0)).toBe(true)
    }
  })

  it('reads at the end of the text', () => {
    for (const { tokens, readAt } of inspection.texts) {
      expect(readAt).toBe(tokens.length - 1)
      expect(tokens[readAt]!.id).toBe(clip.tokenizer.endId)
    }
    expect(inspection.texts[1]!.tokens.map(({ text }) => text)).toEqual([
      '<|startoftext|>',
      'two',
      'shoes',
      '<|endoftext|>',
    ])
  })

  it('ends in the encoders’ embeddings', async () => {
    const image = await clip.encodeImage(picture)
    expect(largestDifference(inspection.image!.embedding, image.data)).toBeLessThan(1e-5)
    expect(stageOf(inspection.image!, 'visual.proj').values).toEqual(inspection.image!.embedding)
    const { data } = await clip.encodeText(texts)
    for (const [i, { embedding }] of inspection.texts.entries()) {
      expect(largestDifference(embedding, data.subarray(i * embedding.length))).toBeLessThan(1e-5)
    }
  })

  it('compares as Figure 3 does', () => {
    const { cosines, logits, probabilities } = inspection.similarity!
    expect(probabilities.reduce((a, b) => a + b)).toBeCloseTo(1, 6)
    expect(logits[0]! / clip.logitScale).toBeCloseTo(cosines[0]!, 6)
    expect(Math.abs(cosines[0]!)).toBeLessThanOrEqual(1)
  })

  it('does not run an encoder without an input', async () => {
    const onlyText = await inspect(clip, { texts: ['a cat'] })
    expect(onlyText).not.toHaveProperty('image')
    expect(onlyText).not.toHaveProperty('similarity')
    const onlyImage = await inspect(clip, { image: picture })
    expect(onlyImage.texts).toEqual([])
  })

  it('refuses what it cannot inspect', async () => {
    await expect(inspect(clip, {})).rejects.toThrow('nothing to inspect')
    await expect(inspect(clip, { texts: ['word '.repeat(200)] })).rejects.toThrow(/has 202 tokens and the model reads/)
  })

  it('prints the graph that the encoder runs', () => {
    const printed = printGraph(imageGraph(clip))
    expect(printed).toContain('# visual.transformer.resblocks.0.attn\n')
    expect(printed).toMatch(
      /FusedMatMul\(%\d+, visual\.transformer\.resblocks\.0\.attn\.in_proj_weight \[\d+, \d+\]( float16)?\) transB=1 → /,
    )
  })
})

describe('a ModifiedResNet', () => {
  it('shows the attention of its pool', async () => {
    const clip = await load('fixtures/parity/open_clip-resnet')
    const { image } = await inspect(clip, { image: picture })
    const [rows, columns] = image!.grid
    expect(image!.attention).toHaveLength(1)
    expect(image!.attention[0]).toMatchObject({ name: 'visual.attnpool.weights', rows: 1, columns: rows * columns + 1 })
    await clip.dispose()
  })
})

describe('statistics', () => {
  it('are of the population, and ignore values that are not finite', () => {
    expect(statisticsOf([1, 2, 3, 4])).toEqual({ mean: 2.5, std: Math.sqrt(1.25), min: 1, max: 4, norm: Math.sqrt(30) })
    expect(statisticsOf(Float32Array.of(0, -Infinity, 0))).toEqual({ mean: 0, std: 0, min: 0, max: 0, norm: 0 })
  })
})
