// Against scikit-learn, SciPy and the definition (fixtures/make/evaluate.py).

import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { inRows } from '../clip/matrix.ts'
import { negativeLogLikelihood, reliability, softmax } from './reliability.ts'
import { fitTemperature } from './temperature.ts'

const golden = JSON.parse(readFileSync(new URL('../../fixtures/evaluate/classification.json', import.meta.url), 'utf8'))
const scores = inRows(Float32Array.from(golden.logits), golden.classes)

it("has scikit-learn's log loss, and the expected calibration error of the definition", () => {
  const found = reliability(scores, golden.labels)
  expect(found.negativeLogLikelihood).toBeCloseTo(golden.negativeLogLikelihood, 9)
  expect(found.expectedCalibrationError).toBeCloseTo(golden.expectedCalibrationError, 6)
  expect(found.bins.reduce((sum, { n }) => sum + n, 0)).toBe(golden.labels.length)
})

it("fits SciPy's temperature, and the likelihood is the best there", () => {
  const temperature = fitTemperature(scores, golden.labels)
  expect(temperature).toBeCloseTo(golden.temperature, 5)
  const best = negativeLogLikelihood(scores, golden.labels, temperature)
  expect(best).toBeCloseTo(golden.calibratedLikelihood, 9)
  for (const other of [0.97, 1.03]) {
    expect(negativeLogLikelihood(scores, golden.labels, temperature * other)).toBeGreaterThan(best)
  }
})

it('fits the temperature that logits were multiplied with away again, however large', () => {
  const once = fitTemperature(scores, golden.labels)
  for (const factor of [1e-2, 20]) {
    const scaled = { ...scores, data: scores.data.map((z) => z * factor) }
    expect(fitTemperature(scaled, golden.labels) / (once * factor)).toBeCloseTo(1, 5)
  }
})

it('stops at a limit where every answer is right, or no better than chance', () => {
  const data = Float32Array.of(3, 1, 0, 2)
  expect(fitTemperature(inRows(data, 2), [0, 1])).toBe(1e-3)
  expect(fitTemperature(inRows(data, 2), [1, 0])).toBe(1e3)
})

it('stays finite for logits whose exponentials are not', () => {
  const large = inRows(Float32Array.of(1e4, -1e4, 0), 3)
  expect([...softmax(large.data)]).toEqual([1, 0, 0])
  expect(negativeLogLikelihood(large, [1])).toBe(2e4)
})

it('puts a confidence that is the edge of two bins into the lower one', () => {
  const even = reliability(inRows(Float32Array.of(0, 0), 2), [0], { bins: 2 })
  expect(even.bins.map(({ n }) => n)).toEqual([1, 0])
  expect(even.bins[0]).toMatchObject({ from: 0, to: 0.5, confidence: 0.5, accuracy: 1 })
})
