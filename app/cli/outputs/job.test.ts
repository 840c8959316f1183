import { expect, it } from 'vitest'
import { progressLine } from './job.ts'

it.each([
  [0, 300, 0, '0 of 300 images'],
  [5, 300, 0.5, '5 of 300 images, 0.5/s, 9 min 50 s left'],
  [1200, 30_000, 52, '1,200 of 30,000 images, 52/s, 9 min 14 s left'],
  [1, 1, 20, '1 of 1 image, 20/s'],
  [1, undefined, 20, '1 image, 20/s'],
  [1, 1_000_000, 40, '1 of 1,000,000 images, 40/s, 6 h 56 min left'],
  [300, 300, 20, '300 of 300 images, 20/s'],
  [7, undefined, 20, '7 images, 20/s'],
])('%i of %s at %f a second', (count, total, rate, line) => {
  expect(progressLine(count, total, 'image', rate)).toBe(line)
})
