import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { randomModel } from '../../test/random-model.ts'
import type { Clip } from '../clip/clip.ts'
import { load } from '../clip/load.node.ts'
import { bilinear } from './bilinear.ts'
import { createExplainer, relevance } from './explainer.ts'

const two = { width: 128, height: 64, channels: 3 as const, data: new Uint8Array(128 * 64 * 3) }
const apple = 'examples/pictures/apple.jpg'

describe('a Vision Transformer', () => {
  let clip: Clip
  beforeAll(async () => {
    clip = await load(await randomModel())
  })
  afterAll(() => clip.dispose())

  it('gives the relevance of each position and each word, and the similarity', async () => {
    const [first, second] = await relevance(clip, apple, ['a photo of an apple', 'shoes'])
    expect(first!.image.map).toHaveLength(first!.image.grid[0] * first!.image.grid[1])
    expect(first!.image.pixels).toEqual(await clip.preprocess(apple))
    for (const { image, words } of [first!, second!]) {
      expect(Math.min(...image.map, ...words!.values)).toBeGreaterThanOrEqual(0)
      expect(Math.max(...image.map)).toBeGreaterThan(0)
    }
    expect(first!.words!.words.map(({ text }) => text)).toEqual(['a', 'photo', 'of', 'an', 'apple'])
    expect(first!.image.map).not.toEqual(second!.image.map)
    expect(second!.words!.values).toHaveLength(1)
  })

  it('gives the tokens of a word together', async () => {
    const [found] = await relevance(clip, apple, ['supercalifragilistic apple'])
    const { tokens, values, words: whole } = found!.words!
    expect(whole.map(({ text }) => text)).toEqual(['supercalifragilistic', 'apple'])
    expect(tokens.length).toBeGreaterThan(2)
    const sum = (numbers: Iterable<number>) => [...numbers].reduce((a, b) => a + b, 0)
    expect(sum(whole.map(({ value }) => value))).toBeCloseTo(sum(values), 6)
    expect(whole[1]!.value).toBeCloseTo(values.at(-1)!, 6)
  })

  it('gives no words for a text without words', async () => {
    const [found] = await relevance(clip, two, [''])
    expect(found!.words).toEqual({ tokens: [], values: new Float32Array(0), words: [] })
  })

  it('starts at `startLayer`, by default at the last block', async () => {
    const { layers } = clip.config.image as { layers: number }
    const mapFrom = async (startLayer?: number | { image: number }) =>
      (await relevance(clip, apple, ['an apple'], { startLayer }))[0]!.image.map
    const last = await mapFrom()
    expect(await mapFrom({ image: layers - 1 })).toEqual(last)
    expect(await mapFrom(0)).not.toEqual(last)
  })

  it('explains an image against any vector, of any norm', async () => {
    const explainer = createExplainer(clip)
    const pixels = await clip.preprocess(apple)
    const { data } = await clip.encodeText(['an apple'])
    const { map } = await explainer.image(pixels, data)
    const other = await explainer.image(
      pixels,
      data.map((x) => 7 * x),
    )
    const most = Math.max(...map)
    for (const [i, x] of other.map.entries()) expect(Math.abs(x - map[i]!) / most).toBeLessThan(1e-5)
    await explainer[Symbol.asyncDispose]()
  })

  it('refuses what it cannot explain', async () => {
    await expect(relevance(clip, apple, ['a cat'], { startLayer: 99 })).rejects.toThrow(
      /block 99 of the image encoder; `startLayer` is 0 to 5/,
    )
    await expect(relevance(clip, apple, ['a cat'], { startLayer: { text: -4 } })).rejects.toThrow(
      /block -4 of the text encoder; `startLayer` is 0 to 2/,
    )
    await expect(relevance(clip, apple, ['a cat'], { startLayer: 0.5 })).rejects.toThrow('block 0.5')
    await expect(relevance(clip, apple, ['word '.repeat(200)])).rejects.toThrow('has 202 tokens')
    await expect(relevance(clip, 'nowhere.jpg', ['a cat'])).rejects.toThrow('nowhere.jpg')
  })
})

it('explains a ModifiedResNet by its attention pool, whatever block the text starts at', async () => {
  const clip = await load('fixtures/parity/open_clip-resnet')
  const explainer = createExplainer(clip, { startLayer: 0 })
  const target = Float32Array.from({ length: clip.config.embedDim }, (_, i) => (i % 3) - 1)
  const { map, grid } = await explainer.image(await clip.preprocess(two), target)
  expect(map).toHaveLength(grid[0] * grid[1])
  await explainer.dispose()
  await clip.dispose()
})

describe('a map enlarged to the image’s size', () => {
  it('interpolates linearly between the centres of its cells', () => {
    expect([...bilinear(Float32Array.of(0, 8), [1, 2], [1, 8])]).toEqual([0, 0, 1, 3, 5, 7, 8, 8])
    expect([...bilinear(Float32Array.of(0, 8), [2, 1], [2, 3])]).toEqual([0, 0, 0, 8, 8, 8])
  })
})
