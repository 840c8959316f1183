// How much more efficient one objective is than another, as in the caption of Figure 2: the ratio of the numbers of images
// that they need for the same accuracy, which is the horizontal distance of two curves on a logarithmic axis.

/** Accuracy after a number of images. */
export interface AccuracyAt {
  /** Images processed. */
  images: number
  /** Zero-shot accuracy, 0 to 1. */
  accuracy: number
}

/**
 * The number of images after which a curve first reaches an accuracy, interpolated in the logarithm of images. A later drop
 * does not count.
 *
 * @param curve ascending in images
 * @returns undefined if it never reaches the accuracy; the first point's images if it has it from the start
 */
export function imagesToReach(curve: readonly AccuracyAt[], accuracy: number): number | undefined {
  let before: AccuracyAt | undefined
  for (const point of curve) {
    if (point.accuracy >= accuracy) {
      if (!before || point.accuracy === before.accuracy) return point.images
      const share = (accuracy - before.accuracy) / (point.accuracy - before.accuracy)
      return before.images * (point.images / before.images) ** share
    }
    before = { images: point.images, accuracy: Math.max(point.accuracy, before?.accuracy ?? point.accuracy) }
  }
  return undefined
}

export interface Efficiency {
  /** The images that the slower curve needs, divided by those that the faster one needs. */
  ratio: number
  /** The highest accuracy that both reach, at which the ratio is measured. */
  accuracy: number
  /** Images that each needs for this accuracy. */
  images: { slow: number; fast: number }
}

/** @returns undefined if the curves have no accuracy in common, or one has it from its first point on */
export function efficiency(slow: readonly AccuracyAt[], fast: readonly AccuracyAt[]): Efficiency | undefined {
  const highest = (curve: readonly AccuracyAt[]) => Math.max(...curve.map(({ accuracy }) => accuracy))
  const accuracy = Math.min(highest(slow), highest(fast))
  const images = { slow: imagesToReach(slow, accuracy), fast: imagesToReach(fast, accuracy) }
  if (images.slow === undefined || images.fast === undefined) return undefined
  if (images.slow === slow[0]!.images || images.fast === fast[0]!.images) return undefined
  return { ratio: images.slow / images.fast, accuracy, images: { slow: images.slow, fast: images.fast } }
}

/** Mean over seeds, and the standard deviation. */
export interface MeanAndSpread {
  mean: number
  /** Standard deviation of a sample; null for a single number, which has none. */
  spread: number | null
}

export function meanAndSpread(numbers: readonly number[]): MeanAndSpread {
  const mean = numbers.reduce((sum, x) => sum + x, 0) / numbers.length
  const squares = numbers.reduce((sum, x) => sum + (x - mean) ** 2, 0)
  return { mean, spread: numbers.length > 1 ? Math.sqrt(squares / (numbers.length - 1)) : null }
}
