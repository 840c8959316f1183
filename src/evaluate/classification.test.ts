// Against scikit-learn and CLIP_benchmark (fixtures/make/evaluate.py).

import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { inRows } from '../clip/matrix.ts'
import { UsageError } from '../errors.ts'
import { averagePrecision, confusionMatrix, meanPerClass, perClass, predictions, topK } from './classification.ts'

const golden = JSON.parse(readFileSync(new URL('../../fixtures/evaluate/classification.json', import.meta.url), 'utf8'))
const scores = inRows(Float32Array.from(golden.logits), golden.classes)
const confusion = confusionMatrix(predictions(scores), golden.labels, golden.classes)

it("counts the first k as scikit-learn's top_k_accuracy_score does", () => {
  for (const k of [1, 3, 5]) expect(topK(scores, golden.labels, k)).toBeCloseTo(golden[`top${k}`], 12)
})

it("has scikit-learn's confusion matrix and balanced accuracy, a class without samples left out of the mean", () => {
  expect(confusion).toEqual(golden.confusion)
  expect(meanPerClass(confusion)).toBeCloseTo(golden.meanPerClass, 12)
})

it("has scikit-learn's precision and recall of each class, and no number where there is nothing to divide by", () => {
  for (const [c, { n, precision, recall }] of perClass(confusion).entries()) {
    const expected = golden.perClass[c]
    expect(n).toBe(expected.n)
    expect(precision).toBeCloseTo(expected.precision, 12)
    if (expected.recall === null) expect(recall).toBeNaN()
    else expect(recall).toBeCloseTo(expected.recall, 12)
  }
  expect(
    perClass([
      [2, 0],
      [1, 0],
    ])[1]!.precision,
  ).toBeNaN()
})

it("has CLIP_benchmark's average precision, 0 for a class without positives", () => {
  const found = averagePrecision(scores, golden.targets)
  for (const [c, ap] of golden.averagePrecision.entries()) expect(found[c]).toBeCloseTo(ap, 6)
})

it('ranks equal scores by their index, as predicting does', () => {
  const tie = inRows(Float32Array.of(1, 1, 0, 0, 2, 2), 3)
  expect([...predictions(tie)]).toEqual([0, 1])
  expect(topK(tie, [0, 2], 1)).toBe(0.5)
  expect(topK(tie, [1, 2], 2)).toBe(1)
})

it('refuses labels that are no class, and scores of another number of rows', () => {
  const two = inRows(Float32Array.of(1, 2, 3, 4), 2)
  expect(() => topK(two, [0, 2], 1)).toThrow(new UsageError('label 2 of sample 1 is none of 2 classes'))
  expect(() => topK(two, [0], 1)).toThrow('4 scores for 1 samples of 2 classes; expected 2')
  expect(() => topK(inRows(new Float32Array(), 2), [], 1)).toThrow('no samples')
})
