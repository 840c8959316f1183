/** Seeded random numbers: the same seed gives the same images and captions. */

/**
 * @param {number} seed
 * @returns {() => number} uniform in [0, 1) (mulberry32)
 */
export function generator(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/**
 * A number for a text, to seed with and to hold images out by name (FNV-1a).
 *
 * @param {string} text
 */
export function hash(text) {
  let value = 0x811c9dc5
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193)
  return value >>> 0
}

/**
 * @template T
 * @param {T[]} list changed in place
 * @param {() => number} random
 */
export function shuffle(list, random) {
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    const kept = /** @type {T} */ (list[i])
    list[i] = /** @type {T} */ (list[j])
    list[j] = kept
  }
  return list
}
