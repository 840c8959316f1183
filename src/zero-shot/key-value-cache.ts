// Tip-Adapter's cache (Zhang et al., ECCV 2022, §3.1): embeddings of labelled images, which new images are compared with.

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

/**
 * Adds `α exp(−β (1 − x̂ Fᵀ)) L` to an image's logits, in place.
 *
 * @param embedding of unit length, `[embedDim]`
 */
export function addCacheTerm(
  logits: Float32Array,
  { keys, values, alpha, beta }: KeyValueCache,
  embedding: Float32Array,
): void {
  const width = embedding.length
  const term = new Float64Array(logits.length)
  for (const [i, label] of values.entries()) {
    let affinity = 0
    for (let c = 0; c < width; c++) affinity += keys[i * width + c]! * embedding[c]!
    term[label]! += alpha * Math.exp(-beta * (1 - affinity))
  }
  for (const [i, x] of term.entries()) logits[i]! += x
}

/** The cache of some classes. @param classes their indices, in the new order */
export function cacheOfClasses(cache: KeyValueCache, classes: readonly number[]): KeyValueCache {
  const { keys, values } = cache
  const width = keys.length / values.length
  const rows = [...values.keys()].filter((i) => classes.includes(values[i]!))
  const selected = new Float32Array(rows.length * width)
  for (const [to, from] of rows.entries()) selected.set(keys.subarray(from * width, (from + 1) * width), to * width)
  return { ...cache, keys: selected, values: Int32Array.from(rows, (i) => classes.indexOf(values[i]!)) }
}
