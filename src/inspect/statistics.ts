// Summary statistics of a tensor.

/** Summary of a tensor's elements. */
export interface Statistics {
  mean: number
  /** The population's standard deviation. */
  std: number
  min: number
  max: number
  /** The Euclidean norm of all elements. */
  norm: number
}

/** Statistics of the finite elements; a mask's −∞ would make all of them infinite. */
export function statisticsOf(values: ArrayLike<number>): Statistics {
  let [count, sum, squares, min, max] = [0, 0, 0, Infinity, -Infinity]
  for (let i = 0; i < values.length; i++) {
    const x = values[i]!
    if (!Number.isFinite(x)) continue
    count++
    sum += x
    squares += x * x
    min = Math.min(min, x)
    max = Math.max(max, x)
  }
  const mean = sum / count
  let spread = 0
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) spread += (values[i]! - mean) ** 2
  }
  return { mean, std: Math.sqrt(spread / count), min, max, norm: Math.sqrt(squares) }
}
