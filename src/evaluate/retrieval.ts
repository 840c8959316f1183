// How well a picture finds its words and words their picture (§3.1, appendix E.1): recall at k, and the ranks behind it.
// What is found is the first that is right, as in the literature, also where several captions tell of one picture.

import { UsageError } from '../errors.ts'

/** Similarities of queries (rows) with candidates (columns), row-major. */
export interface Similarities {
  data: Float32Array
  columns: number
}

/**
 * For each query, how many candidates come before the best of its own: those that score higher, and those that score
 * the same and have a lower index. 0 is found at once.
 *
 * @param own the columns that are right for a row, at least one
 */
export function ranks({ data, columns }: Similarities, own: (row: number) => Iterable<number>): Int32Array {
  return Int32Array.from({ length: data.length / columns }, (_, row) => {
    const scores = data.subarray(row * columns, (row + 1) * columns)
    let best = -1
    for (const column of own(row)) {
      const better = best < 0 || scores[column]! > scores[best]! || (scores[column] === scores[best] && column < best)
      if (better) best = column
    }
    if (best < 0) throw new UsageError(`query ${row} has nothing that it could find`)
    const score = scores[best]!
    let before = 0
    for (let column = 0; column < columns; column++) {
      if (scores[column]! > score || (scores[column] === score && column < best)) before++
    }
    return before
  })
}

/** R@k: the share of queries that have something right among the first `k`, as CLIP_benchmark counts. */
export const recallAt = (found: ArrayLike<number>, k: number): number =>
  Array.from(found).filter((rank) => rank < k).length / found.length

/** The mean rank, counted from 1, as open_clip counts. */
export const meanRank = (found: ArrayLike<number>): number =>
  Array.from(found).reduce((sum, rank) => sum + rank, 0) / found.length + 1

/** The median rank, counted from 1: `⌊median⌋ + 1`, as open_clip counts. */
export function medianRank(found: ArrayLike<number>): number {
  const sorted = Int32Array.from(found).sort()
  const [low, high] = [sorted[(sorted.length - 1) >> 1]!, sorted[sorted.length >> 1]!]
  return Math.floor((low + high) / 2) + 1
}

/** Recall at 1, 5 and 10, and ranks from 1. */
export interface Recall {
  /** Shares of 1. */
  r1: number
  r5: number
  r10: number
  /** Mean rank of the first right result, from 1. */
  meanRank: number
  /** Median rank of the first right result, from 1. */
  medianRank: number
  /** How many queries there were. */
  n: number
}

/** The usual numbers of a list of ranks. */
export const recall = (found: ArrayLike<number>): Recall => ({
  r1: recallAt(found, 1),
  r5: recallAt(found, 5),
  r10: recallAt(found, 10),
  meanRank: meanRank(found),
  medianRank: medianRank(found),
  n: found.length,
})
