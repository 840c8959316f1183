import { expect, it } from 'vitest'
import { inRows } from '../clip/matrix.ts'
import { answeredAt, answers, answersWithoutOwn, chooseThreshold } from './rejection.ts'

const answer = (score: number, right: boolean, known = true) => ({ score, right, known })
const all = [answer(5, true), answer(4, true), answer(3, false, false), answer(2, true), answer(1, false, false)]

it('answers with the largest logit; of a picture of none, no answer is right', () => {
  const scores = inRows(Float32Array.of(1, 3, 2, 5, 4, 0), 3)
  expect(answers(scores, [1, -1])).toEqual([answer(3, true), answer(5, false, false)])
})

it('leaves each picture’s own class out to see what a stranger would score, of two classes too', () => {
  const scores = inRows(Float32Array.of(1, 3, 5, 4), 2)
  expect(answersWithoutOwn(scores, [1, 1])).toEqual([answer(1, false, false), answer(5, false, false)])
})

it('chooses the threshold with the best F1, which counts answers to strangers as wrong', () => {
  expect(chooseThreshold(all)).toBe(2)
  expect(answeredAt(all, 2)).toEqual({ precision: 0.75, recall: 1, answered: 0.8 })
})

it('chooses the lowest threshold that has a precision, and none where no threshold has it', () => {
  expect(chooseThreshold(all, 0.9)).toBe(4)
  expect(chooseThreshold([answer(2, false), answer(1, true)], 0.9)).toBeUndefined()
})

it('answers pictures of equal scores together', () => {
  expect(chooseThreshold([answer(2, true), answer(2, false), answer(1, true)], 0.9)).toBeUndefined()
})

it('has no precision where nothing is answered', () => {
  expect(answeredAt(all, 9)).toEqual({ precision: Number.NaN, recall: 0, answered: 0 })
})
