// How much more efficient one objective is than another, as the caption of Figure 2 has it: the ratio of the images that
// each needs for the same accuracy, the horizontal distance of two curves on a logarithmic axis.

export interface AccuracyAt {
  /** Images processed. */
  images: number
  /** Zero-shot, a share of 1. */
  accuracy: number
}

/**
 * Images after which a curve first reaches an accuracy, between two points by the logarithm of images. A curve that falls
 * again has reached what it had.
 *
 * @param curve ascending in images
 * @returns undefined where it does not reach it; its first point's images where it has it there already
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
  /** The images that the slower curve needs for those that the faster one needs. */
  ratio: number
  /** Where it is measured: the highest accuracy that both reach. */
  accuracy: number
  /** Images that each needs for it. */
  images: { slow: number; fast: number }
}

/** @returns undefined where the two have no accuracy in common, or one has it at its first point already */
export function efficiency(slow: readonly AccuracyAt[], fast: readonly AccuracyAt[]): Efficiency | undefined {
  const highest = (curve: readonly AccuracyAt[]) => Math.max(...curve.map(({ accuracy }) => accuracy))
  const accuracy = Math.min(highest(slow), highest(fast))
  const images = { slow: imagesToReach(slow, accuracy), fast: imagesToReach(fast, accuracy) }
  if (images.slow === undefined || images.fast === undefined) return undefined
  if (images.slow === slow[0]!.images || images.fast === fast[0]!.images) return undefined
  return { ratio: images.slow / images.fast, accuracy, images: { slow: images.slow, fast: images.fast } }
}

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
