// Against CLIP_benchmark's and open_clip's own functions (fixtures/make/evaluate.py).

import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { inRows } from '../clip/matrix.ts'
import { ranks, recall, recallAt } from './retrieval.ts'

const golden = JSON.parse(readFileSync(new URL('../../fixtures/evaluate/retrieval.json', import.meta.url), 'utf8'))
const { images, imageOf } = golden as { images: number; imageOf: number[] }
const texts = imageOf.length

const transposed = (data: Float32Array, columns: number): Float32Array => {
  const rows = data.length / columns
  return Float32Array.from(data, (_, i) => data[(i % rows) * columns + Math.floor(i / rows)]!)
}

it('has CLIP_benchmark’s recall both ways, with one to five captions an image', () => {
  const scores = Float32Array.from(golden.scores as number[])
  const own = (image: number) => imageOf.flatMap((of, text) => (of === image ? [text] : []))
  const toImage = recall(ranks(inRows(scores, images), (text) => [imageOf[text]!]))
  const toText = recall(ranks(inRows(transposed(scores, images), texts), own))
  for (const k of ['r1', 'r5', 'r10'] as const) {
    expect(toImage[k]).toBeCloseTo(golden.textToImage[k], 6)
    expect(toText[k]).toBeCloseTo(golden.imageToText[k], 6)
  }
  expect([toImage.n, toText.n]).toEqual([texts, images])
})

it('has open_clip’s ranks and recall of pairs', () => {
  const data = Float32Array.from(golden.paired as number[])
  const found = {
    image_to_text: recall(ranks(inRows(data, images), (i) => [i])),
    text_to_image: recall(ranks(inRows(transposed(data, images), images), (i) => [i])),
  }
  for (const [way, numbers] of Object.entries(found)) {
    const names = { r1: 'R@1', r5: 'R@5', r10: 'R@10', meanRank: 'mean_rank', medianRank: 'median_rank' } as const
    for (const [name, theirs] of Object.entries(names)) {
      expect(numbers[name as keyof typeof names]).toBeCloseTo(golden.openClip[`${way}_${theirs}`], 6)
    }
  }
})

it('counts equal scores by their index', () => {
  const equal = inRows(Float32Array.of(1, 1, 1), 3)
  expect([0, 1, 2].map((own) => ranks(equal, () => [own])[0])).toEqual([0, 1, 2])
  expect(ranks(equal, () => [2, 1])[0]).toBe(1)
})

it('has the median of an even number of ranks rounded down, from 1', () => {
  expect(recall([0, 3]).medianRank).toBe(2)
  expect(recall([0, 1, 2]).medianRank).toBe(2)
  expect(recallAt([0, 3], 3)).toBe(0.5)
})

it('refuses a query that has no correct candidate to find', () => {
  expect(() => ranks(inRows(Float32Array.of(1, 2), 2), () => [])).toThrow('query 0 has no correct candidate')
})
