// What a tensor's numbers look like as a whole.

/** Summary of a tensor's elements. */
export interface Statistics {
  mean: number
  /** Of the population: the root of the mean squared distance from the mean. */
  std: number
  min: number
  max: number
  /** The Euclidean length of all elements as one vector. */
  norm: number
}

/** Of the finite elements: the −∞ of a mask would leave nothing to see of the rest. */
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
