import { expect, it } from 'vitest'
import { createRandom } from './random.ts'

const take = (count: number, draw: () => number) => Array.from({ length: count }, draw)
const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

it('gives the same numbers for the same seeds, and others for others', () => {
  const first = (...seeds: (number | string)[]) => take(4, createRandom(...seeds).next)
  expect(first(7, 'order', 0)).toEqual(first(7, 'order', 0))
  const seeds = [[], [0], [1], ['1'], [1, 2], [12], [2, 1], [-1], [0.5], ['a', 'b'], ['ab']]
  expect(new Set(seeds.map((each) => first(...each).join())).size).toBe(seeds.length)
})

it('starts differently for each of a hundred thousand neighbouring seeds', () => {
  const starts = take(100_000, () => 0).map((_, i) => createRandom(1, 0, i).next())
  expect(new Set(starts).size).toBe(starts.length)
  expect(mean(starts)).toBeCloseTo(0.5, 2)
})

it('is uniform and normal as it says', () => {
  const random = createRandom(1)
  const uniform = take(100_000, random.next)
  expect(Math.min(...uniform.slice(0, 5000))).toBeGreaterThanOrEqual(0)
  expect(uniform.every((value) => value >= 0 && value < 1)).toBe(true)
  const tenths = take(10, () => 0)
  for (const value of uniform) tenths[Math.floor(value * 10)]!++
  for (const count of tenths) expect(Math.abs(count - 10_000)).toBeLessThan(500)
  const normal = take(100_000, () => random.normal(3, 2))
  expect(mean(normal)).toBeCloseTo(3, 1)
  expect(Math.sqrt(mean(normal.map((value) => (value - 3) ** 2)))).toBeCloseTo(2, 1)
  expect(mean(normal.map((value) => Number(Math.abs(value - 3) < 2)))).toBeCloseTo(0.6827, 2)
  expect(new Set(take(1000, () => random.integer(3)))).toEqual(new Set([0, 1, 2]))
})

it('shuffles into every order, equally often', () => {
  const random = createRandom('shuffle')
  const counts = new Map<string, number>()
  for (let i = 0; i < 6000; i++) {
    const order = random.shuffle([1, 2, 3]).join()
    counts.set(order, (counts.get(order) ?? 0) + 1)
  }
  expect(counts.size).toBe(6)
  for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150)
})
