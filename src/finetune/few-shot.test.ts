import { expect, it } from 'vitest'
import type { Source } from '../data/sample.ts'
import { heldOutTenth } from './few-shot.ts'

it('splits a class of more images than a call may have arguments', async () => {
  const count = 200_000
  const source: Source = {
    name: 'many',
    size: count,
    labels: ['cat'],
    async *samples() {
      for (let i = 0; i < count; i++) yield { key: `${i}.png`, image: `${i}.png`, captions: [], label: 'cat' }
    },
  }
  const { train, val } = await heldOutTenth(source, 0)
  expect([train.size, val.size]).toEqual([180_000, 20_000])
})
