// Tip-Adapter's cache (Zhang et al., ECCV 2022, §3.1): embeddings of labelled images, which new images are compared with.

import { dot, gatherRows, inRows, type Matrix, rowOf } from '../clip/matrix.ts'

/** Tip-Adapter's cache: features of training images as keys, their classes as values. */
export interface KeyValueCache {
  /** `F`, `[n, embedDim]`, row-major: an embedding per image, normalised unless trained. */
  keys: Float32Array
  /** `L`, the class of each key as an index (one-hot in the paper): `[n]` */
  values: Int32Array
  /** The factor of the whole term. */
  alpha: number
  /** The sharpness of the similarity. */
  beta: number
}

/** `[n, embedDim]` */
const keysOf = ({ keys, values }: KeyValueCache): Matrix => inRows(keys, keys.length / values.length)

/**
 * Adds `α exp(−β (1 − x̂ Fᵀ)) L` to an image's logits, in place.
 *
 * @param embedding of unit length, `[embedDim]`
 */
export function addCacheTerm(logits: Float32Array, cache: KeyValueCache, embedding: Float32Array): void {
  const { values, alpha, beta } = cache
  const keys = keysOf(cache)
  const term = new Float64Array(logits.length)
  for (const [i, label] of values.entries()) {
    term[label]! += alpha * Math.exp(-beta * (1 - dot(rowOf(keys, i), embedding)))
  }
  for (const [i, x] of term.entries()) logits[i]! += x
}

/** The cache of some classes. @param classes their indices, in the new order */
export function cacheOfClasses(cache: KeyValueCache, classes: readonly number[]): KeyValueCache {
  const { values } = cache
  const rows = [...values.keys()].filter((i) => classes.includes(values[i]!))
  return {
    ...cache,
    keys: gatherRows(keysOf(cache), rows).data,
    values: Int32Array.from(rows, (i) => classes.indexOf(values[i]!)),
  }
}
