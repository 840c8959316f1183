// An approximate inverse Hessian of a logistic regression, which preconditions L-BFGS.

import { Tensor as Value } from 'onnxruntime-common'
import { type Matrix, rowOf } from '../../clip/matrix.ts'
import { UsageError } from '../../errors.ts'
import { input } from '../../graph/tensor.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { inverse } from './cholesky.ts'

/** Rows to sample per column; enough to estimate the features' second moments. */
const rowsPerColumn = 8

export interface Curvature {
  /** @param uncertainty `uᵢ` of each example */
  update(uncertainty: Float32Array): Promise<void>
  /** `H⁻¹ v` for each class; `v` has the weights `[classes, width]`, then the bias. */
  apply(v: Float64Array): Promise<Float64Array>
  dispose(): Promise<void>
}

/**
 * The second derivative by one class's weights is `Σᵢ p_ic (1 − p_ic) x̃ᵢ x̃ᵢᵀ` plus the penalty. One matrix with the mean
 * factor is used for all classes:
 *
 *     H = Σᵢ uᵢ x̃ᵢ x̃ᵢᵀ + penalty,   x̃ = (x, 1)
 *
 * The sum is over rows sampled in proportion to `u`. CLIP's features have a few very large columns, and few examples are
 * uncertain: L-BFGS needs 25 steps with this, and more than 200 without (50,000 × 512, ten classes).
 */
export async function createCurvature(
  runtime: Runtime,
  { features, classes }: { features: Matrix; classes: number },
  penalty: number,
): Promise<Curvature> {
  const [count, width] = features.shape
  const n = width + 1
  const rows = Math.min(count, rowsPerColumn * n)
  const x = input('x', 'float32', [rows, n])
  const product = await runtime.compile({ gram: x.transpose().matmul(x) })
  const v = input('v', 'float32', [classes, n])
  const solver = await runtime.compile({ solved: v.matmul(input('inverted', 'float32', [n, n])) })
  let inverted: Value

  return {
    async update(uncertainty) {
      const total = uncertainty.reduce((sum, u) => sum + u, 0)
      const sample = new Float32Array(rows * n)
      for (const [taken, i] of systematicSample(uncertainty, total, rows).entries()) {
        sample.set(rowOf(features, i), taken * n)
        sample[taken * n + width] = 1
      }
      const { gram } = await product.run({ x: new Value('float32', sample, [rows, n]) })
      const h = Float64Array.from(gram!.data as Float32Array, (value) => (value * total) / rows)
      let trace = 0
      for (let i = 0; i < n; i++) trace += h[i * n + i]!
      if (!Number.isFinite(trace)) {
        throw new UsageError('the features hold numbers that are not finite; a regression cannot be fitted')
      }
      for (let i = 0; i < width; i++) h[i * n + i]! += penalty
      inverted = new Value('float32', Float32Array.from(regularInverse(h, n, trace)), [n, n])
    },
    async apply(gradient) {
      const rows = new Float32Array(classes * n)
      for (let c = 0; c < classes; c++) {
        rows.set(gradient.subarray(c * width, (c + 1) * width), c * n)
        rows[c * n + width] = gradient[classes * width + c]!
      }
      const { solved } = await solver.run({ v: new Value('float32', rows, [classes, n]), inverted })
      const solution = solved!.data as Float32Array
      const result = new Float64Array(gradient.length)
      for (let c = 0; c < classes; c++) {
        result.set(solution.subarray(c * n, c * n + width), c * width)
        result[classes * width + c] = solution[c * n + width]!
      }
      return result
    },
    async dispose() {
      await product.dispose()
      await solver.dispose()
    },
  }
}

/**
 * Adds as little as possible to the diagonal to make the matrix invertible: the bias has no penalty, columns may be constant,
 * and sums are rounded.
 */
function regularInverse(h: Float64Array, n: number, trace: number): Float64Array {
  for (let share = 1e-7; ; share *= 10) {
    for (let i = 0; i < n; i++) h[i * n + i]! += (share * trace) / n
    const result = inverse(h, n)
    if (result) return result
  }
}

/** `count` indices in proportion to their shares: systematic sampling. */
function systematicSample(shares: Float32Array, total: number, count: number): number[] {
  const indices: number[] = []
  let cumulative = 0
  for (let i = 0; i < shares.length; i++) {
    cumulative += shares[i]!
    while (indices.length < count && (indices.length + 0.5) * total <= cumulative * count) indices.push(i)
  }
  return indices
}
