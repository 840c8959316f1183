import { expect, it } from 'vitest'
import { combine } from './combine.ts'
import { indexedSource } from './indexed.ts'
import { permutation, throughBuffer } from './order.ts'
import type { Order, Source } from './sample.ts'

const order = (epoch = 0, seed = 1): Order => ({ seed, epoch, shuffle: true })
const natural: Order = { seed: 1, epoch: 0, shuffle: false }
const sorted = (places: Iterable<number>) => [...places].sort((a, b) => a - b)
const upTo = (size: number) => Array.from({ length: size }, (_, i) => i)

function letters(name: string, size: number): Source {
  return indexedSource(name, size, [name], (i) => ({ key: `${name}${i}`, image: '', captions: ['x'] }))
}

async function keys(source: Source, how: Order): Promise<string[]> {
  const found: string[] = []
  for await (const { key } of source.samples(how)) found.push(key)
  return found
}

it('shuffles each epoch differently, equally for equal seeds, with every sample once', () => {
  expect(sorted(permutation(100, order()))).toEqual(upTo(100))
  expect(permutation(100, order())).toEqual(permutation(100, order()))
  expect(permutation(100, order(1))).not.toEqual(permutation(100, order()))
  expect(permutation(100, order(0, 2))).not.toEqual(permutation(100, order()))
  expect([...permutation(5, natural)]).toEqual([0, 1, 2, 3, 4])
})

it.each([
  [100, 10],
  [100, 100],
  [7, 50],
  [100, 1],
  [0, 5],
])('gives every one of %i samples once through a buffer of %i, none before it is in reach', (size, capacity) => {
  const places = throughBuffer(size, capacity, order())
  expect(sorted(places)).toEqual(upTo(size))
  for (const [i, place] of places.entries()) expect(place).toBeLessThan(i + capacity)
  expect([...throughBuffer(size, capacity, natural)]).toEqual(upTo(size))
  if (capacity === 1) expect([...places]).toEqual(upTo(size))
  if (size === capacity) expect([...places]).not.toEqual(upTo(size))
})

it('mixes several sources, and takes them one after the other without shuffling', async () => {
  const both = combine([letters('a', 30), letters('b', 10)])
  expect(both).toMatchObject({ size: 40, name: 'a, b', labels: ['a', 'b'] })
  const all = [...upTo(30).map((i) => `a${i}`), ...upTo(10).map((i) => `b${i}`)]
  expect(await keys(both, natural)).toEqual(all)
  const mixed = await keys(both, order())
  expect([...mixed].sort()).toEqual([...all].sort())
  const lastHalf = mixed.slice(20).filter((key) => key.startsWith('b')).length
  expect(lastHalf).toBeGreaterThan(0)
  expect(lastHalf).toBeLessThan(10)
  expect(await keys(both, order())).toEqual(mixed)
})

it('resumes at any position, in one source and in several', async () => {
  const twice = combine([letters('a', 9), letters('a', 9), combine([letters('b', 3), letters('c', 2)])])
  for (const source of [letters('a', 150), twice]) {
    for (const how of [order(3), natural]) {
      const whole = await keys(source, how)
      expect(whole.length).toBe(source.size)
      for (let skip = 0; skip <= source.size; skip++) {
        expect(await keys(source, { ...how, skip })).toEqual(whole.slice(skip))
      }
    }
  }
})
