// Relevance maps against the published method run in PyTorch (fixtures/make/relevance.py).

import { fileURLToPath } from 'node:url'
import { Tensor as Value } from 'onnxruntime-common'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Clip } from '../../src/clip/clip.ts'
import { load } from '../../src/clip/load.node.ts'
import type { Tensor } from '../../src/graph/tensor.ts'
import { bilinear } from '../../src/inspect/bilinear.ts'
import { imageGraph } from '../../src/inspect/image-pass.ts'
import { relevanceProgram } from '../../src/inspect/relevance.ts'
import { textGraph } from '../../src/inspect/text-pass.ts'
import { readAll, type Stored } from '../golden.ts'
import * as tolerance from '../tolerances.ts'

const fixtures = fileURLToPath(new URL('../../fixtures', import.meta.url))
const cases: readonly (readonly [name: string, model: string])[] = [
  ['vit', 'relevance/vit'],
  ['openai-vit', 'parity/openai-vit/model.safetensors'],
  ['openai-resnet', 'parity/openai-resnet/model.safetensors'],
  ['open_clip-vit', 'parity/open_clip-vit'],
  ['open_clip-average', 'parity/open_clip-average'],
]
const starts = [-1, 0, 1]

type Feeds = Record<string, Value>

describe.each(cases)('%s', (name, model) => {
  let clip: Clip
  let golden: Map<string, Stored>
  let image: Feeds
  let texts: Feeds[]
  let ends: number[]

  beforeAll(async () => {
    clip = await load(`${fixtures}/${model}`)
    golden = await readAll(`${fixtures}/relevance/${name}.safetensors`)
    const pixels = golden.get('image')!
    image = { image: new Value('float32', pixels.data, pixels.shape) }
    const { data, shape } = golden.get('ids')!
    const rows = Array.from({ length: shape[0]! }, (_, i) => data.slice(i * shape[1]!, (i + 1) * shape[1]!))
    ends = rows.map((row) => row.indexOf(Math.max(...row)))
    texts = rows.map((row, i) => textFeeds(row.slice(0, ends[i]! + 1)))
  })
  afterAll(() => clip.dispose())

  it.each(starts)('equals the published relevance of positions and words from block %i on', async (start) => {
    const tower = clip.config.image!
    const pool = tower.kind === 'modified-resnet'
    const ofImage = await relevanceProgram(clip, 'image', pool ? -1 : start)
    const ofText = await relevanceProgram(clip, 'text', start)
    const picture = await embed(imageGraph(clip).embedding, image)
    for (const [i, feeds] of texts.entries()) {
      const text = await embed(textGraph(clip).embedding, feeds)
      const places = (await ofImage.run(image, readOf(golden.get(`image/${start}`)!.shape[1]!), text)).slice(1)
      const expected = rowOf(golden.get(`image/${start}`)!, i)
      expect(difference(places, expected), 'places').toBeLessThan(tolerance.relevance)
      const side = Math.sqrt(places.length)
      const drawn = bilinear(places, [side, side], [30, 30])
      expect(difference(drawn, rowOf(golden.get(`drawn/${start}`)!, i)), 'drawn').toBeLessThan(tolerance.relevance)

      const read = new Float32Array(ends[i]! + 1)
      read[ends[i]!] = 1
      const words = (await ofText.run(feeds, read, picture)).slice(1, ends[i])
      expect(difference(words, golden.get(`text/${start}/${i}`)!.data), 'words').toBeLessThan(tolerance.relevance)
    }
    await ofImage.dispose()
    await ofText.dispose()
  })

  const readOf = (places: number): Float32Array => {
    const tower = clip.config.image!
    const average = tower.kind === 'vision-transformer' && tower.pool === 'average'
    return Float32Array.from({ length: 1 + places }, (_, i) => (average ? Math.sign(i) / places : Number(i === 0)))
  }

  async function embed(embedding: Tensor, feeds: Feeds): Promise<Float32Array> {
    const program = await clip.runtime.compile({ embedding })
    const found = await program.run(feeds).finally(() => program.dispose())
    return found.embedding!.data as Float32Array
  }
})

function textFeeds(row: Float32Array): Feeds {
  const { length } = row
  return {
    ids: new Value('int32', Int32Array.from(row), [1, length]),
    end: new Value('int64', BigInt64Array.of(BigInt(length - 1)), [1, 1]),
    positions: new Value('int32', Int32Array.from(row.keys()), [length]),
  }
}

function rowOf({ data, shape }: Stored, row: number): Float32Array {
  const length = data.length / shape[0]!
  return data.subarray(row * length, (row + 1) * length)
}

/** The largest difference, as a share of the largest value. */
function difference(found: Float32Array, golden: Float32Array): number {
  const scale = golden.reduce((most, x) => Math.max(most, Math.abs(x)), 0)
  expect(scale).toBeGreaterThan(0)
  expect(found.length).toBe(golden.length)
  return golden.reduce((most, x, i) => Math.max(most, Math.abs(x - found[i]!)), 0) / scale
}
