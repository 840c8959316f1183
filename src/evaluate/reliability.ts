// Whether a classifier's probabilities match its accuracy: negative log-likelihood, reliability diagram, expected
// calibration error (Guo et al. 2017, On Calibration of Modern Neural Networks, §2).

import { type Matrix, rowsOf } from '../clip/matrix.ts'
import { UsageError } from '../errors.ts'
import { checkScores } from './classification.ts'

/** One bin of a reliability diagram. */
export interface ReliabilityBin {
  /** Confidences in (from, to]. */
  from: number
  to: number
  /** Images in the bin. */
  n: number
  /** Mean confidence and accuracy; `NaN` in an empty bin. */
  confidence: number
  accuracy: number
}

/** How well confidences match accuracy (Guo et al. 2017). */
export interface Reliability {
  /** Mean of `−log p` of the correct class, in nats. */
  negativeLogLikelihood: number
  /** `Σ n_b / n · |accuracy_b − confidence_b|` */
  expectedCalibrationError: number
  bins: ReliabilityBin[]
}

/** `exp(z / T) / Σ exp(z / T)`, computed stably. */
export function softmax(row: Float32Array, temperature = 1): Float32Array {
  checkTemperature(temperature)
  const highest = row.reduce((a, b) => Math.max(a, b))
  let total = 0
  for (const z of row) total += Math.exp((z - highest) / temperature)
  return row.map((z) => Math.exp((z - highest) / temperature) / total)
}

/** `log Σ exp(z / T) − z_label / T`, mean over the samples; finite even if a probability would round to 0. */
export function negativeLogLikelihood(scores: Matrix, labels: ArrayLike<number>, temperature = 1): number {
  checkScores(scores, labels)
  checkTemperature(temperature)
  let total = 0
  for (const [i, row] of rowsOf(scores).entries()) {
    const highest = row.reduce((a, b) => Math.max(a, b))
    let sum = 0
    for (const z of row) sum += Math.exp((z - highest) / temperature)
    total += Math.log(sum) - (row[labels[i]!]! - highest) / temperature
  }
  return total / labels.length
}

/** @throws UsageError for what logits cannot be divided by */
function checkTemperature(temperature: number): void {
  if (temperature > 0 && temperature < Infinity) return
  throw new UsageError(`the \`temperature\` is ${temperature}; expected a number above 0`)
}

/** Confidences in bins of equal width, each with how often they were right. */
export function reliability(
  scores: Matrix,
  labels: ArrayLike<number>,
  { temperature = 1, bins: count = 15 }: { temperature?: number | undefined; bins?: number | undefined } = {},
): Reliability {
  checkScores(scores, labels)
  const bins = Array.from({ length: count }, () => ({ n: 0, confidence: 0, right: 0 }))
  for (const [i, scoresOfImage] of rowsOf(scores).entries()) {
    const row = softmax(scoresOfImage, temperature)
    const confidence = row.reduce((a, b) => Math.max(a, b))
    const bin = bins[Math.min(count - 1, Math.max(0, Math.ceil(confidence * count) - 1))]!
    bin.n++
    bin.confidence += confidence
    if (row.indexOf(confidence) === labels[i]) bin.right++
  }
  return {
    negativeLogLikelihood: negativeLogLikelihood(scores, labels, temperature),
    expectedCalibrationError: bins.reduce((sum, bin) => sum + Math.abs(bin.right - bin.confidence), 0) / labels.length,
    bins: bins.map(({ n, confidence, right }, i) => ({
      from: i / count,
      to: (i + 1) / count,
      n,
      confidence: confidence / n,
      accuracy: right / n,
    })),
  }
}
