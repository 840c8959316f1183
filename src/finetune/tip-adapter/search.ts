// The search for Tip-Adapter's α and β (Zhang et al., ECCV 2022, §4.1): every pair of a grid, by accuracy on the validation set.

import { type Matrix, rowOf, rowRange } from '../../clip/matrix.ts'
import type { KeyValueCache } from '../../zero-shot/key-value-cache.ts'
import type { MethodProgress } from '../method.ts'
import type { UnitFeatures } from '../unit-features.ts'
import type { TipAdapter } from './tip-adapter.ts'

/** Both from 0.1 to `most`, exclusive. */
export interface Grid {
  beta: { most: number; steps: number }
  alpha: { most: number; steps: number }
}

/** The authors' `search_scale` and `search_step`. */
export const grid: Grid = { beta: { most: 7, steps: 200 }, alpha: { most: 3, steps: 20 } }

/** The best α and β of Tip-Adapter's search. */
export interface Searched {
  /** Weight of the cache. */
  alpha: number
  /** Sharpness of the cache. */
  beta: number
  /** On the validation set. */
  accuracy: number
}

export const along = ({ most, steps }: Grid['alpha']): number[] =>
  Array.from({ length: steps }, (_, i) => (i * (most - 0.1)) / steps + 0.1)

/** Elements of the largest matrix of one run. */
const maxElements = 1 << 22

/** Ties are broken by the smallest β, then the smallest α. */
export async function* searchAlphaBeta(
  adapter: TipAdapter,
  { features, labels }: UnitFeatures,
  cache: KeyValueCache,
  { beta, alpha }: Grid = grid,
): AsyncGenerator<MethodProgress, Searched> {
  const [betas, alphas] = [along(beta), along(alpha)]
  const correct = new Int32Array(betas.length * alphas.length)
  const rows = Math.max(1, Math.floor(maxElements / cache.values.length))
  for (let from = 0; from < labels.length; from += rows) {
    const batchLabels = labels.subarray(from, from + rows)
    let pair = 0
    for await (const terms of adapter.terms(rowRange(features, from, from + rows), cache, betas)) {
      for (const a of alphas) correct[pair++]! += countCorrect(terms.words, terms.cache, a, batchLabels)
    }
    const done = from + batchLabels.length
    yield { kind: 'progress', what: 'validation images scored for α and β', done, of: labels.length }
  }
  const best = correct.indexOf(Math.max(...correct))
  return {
    beta: betas[Math.floor(best / alphas.length)]!,
    alpha: alphas[best % alphas.length]!,
    accuracy: correct[best]! / labels.length,
  }
}

/** Number of rows whose label has the highest `words + α cache`. */
function countCorrect(words: Matrix, cache: Matrix, alpha: number, labels: Int32Array): number {
  let count = 0
  for (const [i, label] of labels.entries()) {
    const [zeroShot, term] = [rowOf(words, i), rowOf(cache, i)]
    let best = 0
    let highest = -Infinity
    for (let c = 0; c < zeroShot.length; c++) {
      const z = zeroShot[c]! + alpha * term[c]!
      if (z > highest) [best, highest] = [c, z]
    }
    if (best === label) count++
  }
  return count
}
