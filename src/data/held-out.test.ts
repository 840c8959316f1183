import { expect, it } from 'vitest'
import { holdOut } from './held-out.ts'
import { indexedSource } from './indexed.ts'

const source = indexedSource('numbers', 200, undefined, (i) => ({ key: `${i}`, image: `${i}.png`, captions: ['a'] }))
const keys = async (of: typeof source, skip = 0) => {
  const found: string[] = []
  for await (const { key } of of.samples({ seed: 3, epoch: 1, shuffle: true, skip })) found.push(key)
  return found
}

it('sets a part aside: every sample is on one side, the same each time', async () => {
  const { rest, held } = await holdOut(source, { share: 0.1, seed: 0 })
  const [a, b] = [await keys(rest), await keys(held)]
  expect([a.length, b.length]).toEqual([rest.size, held.size])
  expect(held.size).toBeGreaterThan(8)
  expect(held.size).toBeLessThan(40)
  expect([...a, ...b].sort()).toEqual((await keys(source)).sort())
  expect(await keys((await holdOut(source, { share: 0.1, seed: 0 })).held)).toEqual(b)
})

it('can be resumed at any position', async () => {
  const { rest } = await holdOut(source, { share: 0.1, seed: 0 })
  expect(await keys(rest, 50)).toEqual((await keys(rest)).slice(50))
})

it('refuses data of which a side would be empty', async () => {
  await expect(holdOut(source, { share: 0, seed: 0 })).rejects.toThrow('too few to set a part of 0 aside')
})
