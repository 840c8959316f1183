import { expect, it } from 'vitest'
import { rateFor, scoreOf } from './training-loop.node.ts'

it('scores by accuracy, and breaks ties by the loss', () => {
  expect(scoreOf(0.4, 9, 5)).toBeGreaterThan(scoreOf(0.2, 0, 5))
  expect(scoreOf(0.4, 1.2, 5)).toBeGreaterThan(scoreOf(0.4, 1.3, 5))
  expect(scoreOf(0.5002, 50, 5000)).toBeGreaterThan(scoreOf(0.5, 0.1, 5000))
})

it('takes the published rate from a width of 512 on, and more below', () => {
  const rate = (width: number) => rateFor(1e-5, { text: { width } as never })
  expect([128, 512, 768].map(rate)).toEqual([4e-5, 1e-5, 1e-5])
})
