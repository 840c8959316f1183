// Whether a classifier's probabilities can be taken at their word: negative log-likelihood, reliability diagram, expected
// calibration error (Guo et al. 2017, On Calibration of Modern Neural Networks, §2).

import { UsageError } from '../errors.ts'
import { checkScores, type Scores } from './classification.ts'

/** One bin of a reliability diagram. */
export interface ReliabilityBin {
  /** Confidences above `from`, up to and with `to`. */
  from: number
  to: number
  /** Images in the bin. */
  n: number
  /** Mean confidence and share of right answers; `NaN` in an empty bin. */
  confidence: number
  accuracy: number
}

/** How well confidences match accuracy (Guo et al. 2017). */
export interface Reliability {
  /** Mean of `−log p` of the right class, in nats. */
  negativeLogLikelihood: number
  /** `Σ n_b / n · |accuracy_b − confidence_b|` */
  expectedCalibrationError: number
  bins: ReliabilityBin[]
}

/** `exp(z / T) / Σ exp(z / T)` of each row, with the largest taken out first. */
export function softmax({ data, classes }: Scores, temperature = 1): Float32Array {
  checkTemperature(temperature)
  const p = new Float32Array(data.length)
  for (let start = 0; start < data.length; start += classes) {
    const row = data.subarray(start, start + classes)
    const most = row.reduce((a, b) => Math.max(a, b))
    let total = 0
    for (const z of row) total += Math.exp((z - most) / temperature)
    for (let c = 0; c < classes; c++) p[start + c] = Math.exp((row[c]! - most) / temperature) / total
  }
  return p
}

/** `log Σ exp(z / T) − z_label / T`, mean over the samples; finite where a probability would round to 0. */
export function negativeLogLikelihood(scores: Scores, labels: ArrayLike<number>, temperature = 1): number {
  checkScores(scores, labels)
  checkTemperature(temperature)
  const { data, classes } = scores
  let total = 0
  for (let i = 0; i < labels.length; i++) {
    const row = data.subarray(i * classes, (i + 1) * classes)
    const most = row.reduce((a, b) => Math.max(a, b))
    let sum = 0
    for (const z of row) sum += Math.exp((z - most) / temperature)
    total += Math.log(sum) - (row[labels[i]!]! - most) / temperature
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
  scores: Scores,
  labels: ArrayLike<number>,
  { temperature = 1, bins: count = 15 }: { temperature?: number; bins?: number } = {},
): Reliability {
  checkScores(scores, labels)
  const { classes } = scores
  const p = softmax(scores, temperature)
  const bins = Array.from({ length: count }, () => ({ n: 0, confidence: 0, right: 0 }))
  for (let i = 0; i < labels.length; i++) {
    const row = p.subarray(i * classes, (i + 1) * classes)
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
