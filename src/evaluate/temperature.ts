// Temperature scaling (Guo et al. 2017, §4.2): one number that logits are divided by, so that the likelihood of labels
// that were not trained on is largest. It changes no answer, only how sure it is.

import { checkScores, type Scores } from './classification.ts'

/** Where the labels ask for more than this, they are all right or all wrong, and no number is the best. */
const limits = [1e-3, 1e3] as const
const steps = 100

/**
 * The `T` that minimises the negative log-likelihood of `softmax(z / T)`. In `β = 1 / T` that is convex:
 *
 *     d/dβ = mean(Σ p z − z_label),   d²/dβ² = mean(Σ p z² − (Σ p z)²)
 *
 * Newton's method within a bracket that is halved where a step would leave it.
 */
export function fitTemperature(scores: Scores, labels: ArrayLike<number>): number {
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
    // By the geometric mean: the bracket spans orders of magnitude.
    const next = newton > low && newton < high ? newton : Math.sqrt(low * high)
    if (Math.abs(next - beta) <= 1e-9 * beta) return 1 / next
    beta = next
  }
  return 1 / beta
}

function slope({ data, classes }: Scores, labels: ArrayLike<number>, beta: number): { first: number; second: number } {
  let [first, second] = [0, 0]
  for (let i = 0; i < labels.length; i++) {
    const start = i * classes
    let most = data[start]!
    for (let c = 1; c < classes; c++) most = Math.max(most, data[start + c]!)
    let [total, mean, square] = [0, 0, 0]
    for (let c = 0; c < classes; c++) {
      const z = data[start + c]! - most
      const e = Math.exp(beta * z)
      total += e
      mean += e * z
      square += e * z * z
    }
    mean /= total
    first += mean - (data[start + labels[i]!]! - most)
    second += square / total - mean * mean
  }
  return { first: first / labels.length, second: second / labels.length }
}
