// Labels as people give them: some twice, some blank.

import { expect, it } from 'vitest'
import { promptsOf, rank } from './classifier.ts'

it('a name that a classifier has twice is one label, which does not split its share', () => {
  const once = { names: ['cat', 'dog'], weights: Float32Array.of(3, 0, 0, 1) }
  const twice = { names: ['cat', 'dog', 'cat'], weights: Float32Array.of(3, 0, 0, 1, 3, 0) }
  const image = Float32Array.of(3, 4)
  expect(rank(twice, image)).toEqual(rank(once, image))
  expect(rank(twice, image, 1, 2)).toEqual(rank(once, image, 1, 2))
  // exp(1.8) / (exp(1.8) + exp(0.8))
  expect(rank(twice, image)[0]).toEqual({ label: 'cat', score: expect.closeTo(0.731058578, 6) })
})

it('a blank label is refused by its place', () => {
  expect(() => promptsOf(['cat', ' '], ['a {}'])).toThrow('label 2 of 2 is blank')
})
