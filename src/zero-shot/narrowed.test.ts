import { expect, it } from 'vitest'
import { narrowed, scoresOf } from './classifier.ts'

const classifier = {
  names: ['a', 'b', 'c'],
  weights: Float32Array.of(1, 0, 0, 1, 1, 1),
  bias: Float32Array.of(0.1, 0.2, 0.3),
  cache: { keys: Float32Array.of(1, 0, 0, 1, 0.6, 0.8), values: Int32Array.of(2, 0, 2), alpha: 2, beta: 3 },
}
const picture = Float32Array.of(3, 4)

it('scores those classes as the whole classifier does, its cache included', () => {
  const whole = scoresOf(classifier, picture)
  expect(scoresOf(narrowed(classifier, ['c', 'a']), picture)).toEqual(Float32Array.of(whole[2]!, whole[0]!))
  expect(scoresOf(narrowed(classifier, ['b']), picture)).toEqual(Float32Array.of(whole[1]!))
})

it('refuses a name that it does not know, and an embedding of another model', () => {
  expect(() => narrowed(classifier, ['a', 'd'])).toThrow('does not know d; it knows a, b, c')
  expect(() => scoresOf(classifier, Float32Array.of(1, 2, 3))).toThrow('embeddings of 2 numbers, and the model gives 3')
})
