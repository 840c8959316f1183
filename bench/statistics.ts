export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** The median of the ratios of pairs: compares two interleaved programs. */
export const ratio = (theirs: readonly number[], ours: readonly number[]): number =>
  median(theirs.map((value, i) => value / ours[i]!))

export const fixed = (value: number, digits = 2): string => value.toFixed(digits)
