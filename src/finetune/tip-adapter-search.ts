// The search for Tip-Adapter's α and β (Zhang et al., ECCV 2022, §4.1): every pair of a grid, by accuracy on the pictures
// that judge.

import type { KeyValueCache } from '../zero-shot/key-value-cache.ts'
import type { MethodProgress } from './method.ts'
import type { TipAdapter } from './tip-adapter.ts'
import type { UnitFeatures } from './unit-features.ts'

/** Both from 0.1 on, up to and without `most`. */
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
  /** On the pictures of the search. */
  accuracy: number
}

export const along = ({ most, steps }: Grid['alpha']): number[] =>
  Array.from({ length: steps }, (_, i) => (i * (most - 0.1)) / steps + 0.1)

/** Numbers in the largest matrix of one run. */
const nearby = 1 << 22

/** Of equal accuracies the smallest β wins, then the smallest α. */
export async function* searchAlphaBeta(
  adapter: TipAdapter,
  { x, width, labels }: UnitFeatures,
  cache: KeyValueCache,
  { beta, alpha }: Grid = grid,
): AsyncGenerator<MethodProgress, Searched> {
  const [betas, alphas] = [along(beta), along(alpha)]
  const right = new Int32Array(betas.length * alphas.length)
  const rows = Math.max(1, Math.floor(nearby / cache.values.length))
  for (let from = 0; from < labels.length; from += rows) {
    const own = labels.subarray(from, from + rows)
    let at = 0
    for await (const terms of adapter.terms(x.subarray(from * width, (from + rows) * width), cache, betas)) {
      for (const a of alphas) right[at++]! += countRight(terms.words, terms.cache, a, own)
    }
    yield { kind: 'progress', what: 'pictures to choose α and β by', done: from + own.length, of: labels.length }
  }
  const best = right.indexOf(Math.max(...right))
  return {
    beta: betas[Math.floor(best / alphas.length)]!,
    alpha: alphas[best % alphas.length]!,
    accuracy: right[best]! / labels.length,
  }
}

/** Rows whose label has the highest `words + α cache`. */
function countRight(words: Float32Array, cache: Float32Array, alpha: number, labels: Int32Array): number {
  const classes = words.length / labels.length
  let count = 0
  for (const [i, label] of labels.entries()) {
    let best = 0
    let most = -Infinity
    for (let c = 0, at = i * classes; c < classes; c++, at++) {
      const z = words[at]! + alpha * cache[at]!
      if (z > most) [best, most] = [c, z]
    }
    if (best === label) count++
  }
  return count
}
