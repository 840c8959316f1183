// Measures of retrieval (§3.1, appendix E.1): ranks and recall at k. If several captions belong to one image, the best ranked one
// counts, as in the literature.

import { type Matrix, rowsOf } from '../clip/matrix.ts'
import { UsageError } from '../errors.ts'
import { ranksBefore } from './classification.ts'

/**
 * For each query, the number of candidates ranked before the best of its own: those with a higher score, or an equal score and
 * a lower index. 0 is the first rank.
 *
 * @param similarities `[queries, candidates]`
 * @param own the correct columns of a row, at least one
 */
export function ranks(similarities: Matrix, own: (row: number) => Iterable<number>): Int32Array {
  return Int32Array.from(rowsOf(similarities), (scores, row) => {
    let best = -1
    for (const column of own(row)) {
      const better = best < 0 || scores[column]! > scores[best]! || (scores[column] === scores[best] && column < best)
      if (better) best = column
    }
    if (best < 0) throw new UsageError(`query ${row} has no correct candidate`)
    return ranksBefore(scores, best)
  })
}

/** R@k: the share of queries with a correct candidate among the first `k`, as in CLIP_benchmark. */
export const recallAt = (ranks: ArrayLike<number>, k: number): number =>
  Array.from(ranks).filter((rank) => rank < k).length / ranks.length

/** The mean rank, counted from 1, as in open_clip. */
export const meanRank = (ranks: ArrayLike<number>): number =>
  Array.from(ranks).reduce((sum, rank) => sum + rank, 0) / ranks.length + 1

/** The median rank, counted from 1: `⌊median⌋ + 1`, as in open_clip. */
export function medianRank(ranks: ArrayLike<number>): number {
  const sorted = Int32Array.from(ranks).sort()
  const [low, high] = [sorted[(sorted.length - 1) >> 1]!, sorted[sorted.length >> 1]!]
  return Math.floor((low + high) / 2) + 1
}

/** Recall at 1, 5 and 10, and ranks from 1. */
export interface Recall {
  /** Shares, 0 to 1. */
  r1: number
  r5: number
  r10: number
  /** Mean rank of the first right result, from 1. */
  meanRank: number
  /** Median rank of the first right result, from 1. */
  medianRank: number
  /** Number of queries. */
  n: number
}

/** The usual measures of a list of ranks. */
export const recall = (ranks: ArrayLike<number>): Recall => ({
  r1: recallAt(ranks, 1),
  r5: recallAt(ranks, 5),
  r10: recallAt(ranks, 10),
  meanRank: meanRank(ranks),
  medianRank: medianRank(ranks),
  n: ranks.length,
})
