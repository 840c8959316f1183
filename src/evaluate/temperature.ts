// Temperature scaling (Guo et al. 2017, §4.2): divides logits by one number, chosen for the highest likelihood on labelled images that
// were not trained on. It changes confidences, not predictions.

import { type Matrix, rowsOf } from '../clip/matrix.ts'
import { checkScores } from './classification.ts'

/** Temperatures beyond these occur only if all predictions are correct, or all wrong: then there is no optimum. */
const limits = [1e-3, 1e3] as const
const steps = 100

/**
 * The `T` that minimises the negative log-likelihood of `softmax(z / T)`. In `β = 1 / T` that is convex:
 *
 *     d/dβ = mean(Σ p z − z_label),   d²/dβ² = mean(Σ p z² − (Σ p z)²)
 *
 * Newton's method within a bracket, with bisection if a step would leave it.
 */
export function fitTemperature(scores: Matrix, labels: ArrayLike<number>): number {
  checkScores(scores, labels)
  let [low, high] = [1 / limits[1], 1 / limits[0]] as [number, number]
  if (slope(scores, labels, low).first >= 0) return limits[1]
  if (slope(scores, labels, high).first <= 0) return limits[0]
  let beta = 1
  for (let i = 0; i < steps; i++) {
    const { first, second } = slope(scores, labels, beta)
    if (first > 0) high = beta
    else low = beta
    const newton = beta - first / second
    // The geometric mean, because the bracket spans orders of magnitude.
    const next = newton > low && newton < high ? newton : Math.sqrt(low * high)
    if (Math.abs(next - beta) <= 1e-9 * beta) return 1 / next
    beta = next
  }
  return 1 / beta
}

function slope(scores: Matrix, labels: ArrayLike<number>, beta: number): { first: number; second: number } {
  let [first, second] = [0, 0]
  for (const [i, row] of rowsOf(scores).entries()) {
    const highest = row.reduce((a, b) => Math.max(a, b))
    let [total, mean, square] = [0, 0, 0]
    for (const logit of row) {
      const z = logit - highest
      const e = Math.exp(beta * z)
      total += e
      mean += e * z
      square += e * z * z
    }
    mean /= total
    first += mean - (row[labels[i]!]! - highest)
    second += square / total - mean * mean
  }
  return { first: first / labels.length, second: second / labels.length }
}
