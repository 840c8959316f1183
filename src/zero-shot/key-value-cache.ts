// Tip-Adapter's cache (Zhang et al., ECCV 2022, §3.1): pictures of known classes, which a new one is compared with.

/** What was seen, and how much that counts beside the weights. */
export interface KeyValueCache {
  /** `F`, `[n, embedDim]`, row-major: an embedding for each picture, of unit length unless they were trained. */
  keys: Float32Array
  /** `L`, one-hot, as the class of each key: `[n]`, places in the classifier's names. */
  values: Int32Array
  /** What the whole term is multiplied with. */
  alpha: number
  /** How sharply nearness decides. */
  beta: number
}

/**
 * Adds `α exp(−β (1 − x̂ Fᵀ)) L` to a picture's logits, in place.
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

/** A cache of some of the classes. @param classes places of those that are kept, in their new order */
export function cacheOfClasses(cache: KeyValueCache, classes: readonly number[]): KeyValueCache {
  const { keys, values } = cache
  const width = keys.length / values.length
  const kept = [...values.keys()].filter((i) => classes.includes(values[i]!))
  const chosen = new Float32Array(kept.length * width)
  for (const [to, from] of kept.entries()) chosen.set(keys.subarray(from * width, (from + 1) * width), to * width)
  return { ...cache, keys: chosen, values: Int32Array.from(kept, (i) => classes.indexOf(values[i]!)) }
}
