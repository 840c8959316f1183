import { expect, it } from 'vitest'
import { stepLine } from './training-view.ts'

const line = {
  ...{ step: 120, steps: 1000, epoch: 1, samples: 9600, loss: 3.2141, accuracy: 0.125, lr: 4.9e-4, logitScale: 14.47 },
  ...{ gradientNorm: 1, imagesPerSecond: 215.2, seconds: 40 },
}

it.each([
  [Infinity, 'loss 3.214 · accuracy 12.5 % · rate 0.00049 · temperature 0.0691 · 215 images/s · 3 min left'],
  [99, 'loss 3.214 · accuracy 12.5 % · rate 0.00049 · 215 images/s · 3 min left'],
  [79, 'loss 3.214 · accuracy 12.5 % · 215 images/s · 3 min left'],
  [62, 'loss 3.214 · accuracy 12.5 % · 3 min left'],
  [45, 'loss 3.214 · 3 min left'],
])('a step in %d columns', (width, rest) => {
  const drawn = stepLine(line, '3 min left', width)
  expect(drawn).toBe(`step 120 of 1,000 · ${rest}`)
  expect(drawn.length).toBeLessThanOrEqual(width)
})
