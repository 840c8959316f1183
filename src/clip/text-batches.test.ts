import { describe, expect, it } from 'vitest'
import { load } from './load.node.ts'
import { groupLengths } from './text-batches.ts'

const cost = (lengths: number[], groups: [number, number][]) =>
  groups.reduce((sum, [from, to]) => sum + (to - from) * lengths[to - 1]! + 24, 0)

describe('groups of lengths', () => {
  it('keep like with like', () => {
    expect(groupLengths([7, 7, 7])).toEqual([[0, 3]])
    expect(groupLengths([7, 8, 8, 9])).toEqual([[0, 4]])
    expect(groupLengths([5, 5, 5, 77])).toEqual([
      [0, 3],
      [3, 4],
    ])
    expect(groupLengths([])).toEqual([])
  })

  it('cost no more than any other cut', () => {
    const lengths = [4, 4, 6, 7, 7, 7, 9, 15, 15, 16, 30, 31, 60]
    const least = cost(lengths, groupLengths(lengths))
    for (let cuts = 0; cuts < 2 ** (lengths.length - 1); cuts++) {
      const groups: [number, number][] = []
      let from = 0
      for (let i = 1; i <= lengths.length; i++) {
        if (i === lengths.length || cuts & (1 << (i - 1))) {
          groups.push([from, i])
          from = i
        }
      }
      expect(cost(lengths, groups)).toBeGreaterThanOrEqual(least)
    }
  })

  it('hold every text once, and no more positions than one run takes', () => {
    const lengths = Array.from({ length: 5000 }, (_, i) => 5 + Math.floor(i / 100))
    const groups = groupLengths(lengths)
    expect(groups.flatMap(([from, to]) => Array.from({ length: to - from }, (_, i) => from + i))).toEqual([
      ...lengths.keys(),
    ])
    for (const [from, to] of groups) expect((to - from) * lengths[to - 1]!).toBeLessThanOrEqual(4096)
  })
})

it('gives each text the embedding that it has alone', { timeout: 120_000 }, async () => {
  const clip = await load()
  const texts = ['a cat', 'two dogs on a sofa, asleep', '', 'red', 'a photo of a small wooden boat']
  const together = await clip.encodeText(texts)
  const width = together.shape[1]
  for (const [i, text] of texts.entries()) {
    const alone = await clip.encodeText(text)
    for (let c = 0; c < width; c++) expect(together.data[i * width + c]).toBeCloseTo(alone.data[c]!, 5)
  }
  await expect(clip.encodeText('word '.repeat(100))).rejects.toThrow(/has 102 tokens and the model reads \d+/)
  expect((await clip.encodeText('word '.repeat(100), { onLong: 'truncate' })).shape[0]).toBe(1)
  const chunked = await clip.encodeText('word '.repeat(100), { onLong: 'chunk' })
  expect(chunked.shape[0]).toBe(1)
  expect(chunked.data.every(Number.isFinite)).toBe(true)
  await clip.dispose()
})
