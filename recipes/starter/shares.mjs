/** How often each source is seen: its share of all samples, and each image's part of its source's share. */
import { ICON_SETS } from './drawings.mjs'

/** Shares of all samples; icon sets divide the rest, the small ones with a little more than in proportion to their size. */
export const SHARE = {
  clothing: 0.13,
  'more-clothing': 0.02,
  grocery: 0.16,
  'drawn-flowers': 0.06,
  'drawn-pets': 0.055,
  'tuxpaint-stamps': 0.07,
  openclipart: 0.06,
  'fashion-mnist': 0.005,
  noto: 0.045,
  'noto-v1': 0.03,
  twemoji: 0.045,
  'fluent-emoji-3d': 0.05,
  'fluent-emoji': 0.015,
  'fluent-emoji-flat': 0.035,
  emojione: 0.02,
  emojitwo: 0.04,
  'emojitwo-bw': 0.015,
  blobmoji: 0.035,
  fxemoji: 0.02,
  'streamline-emojis': 0.025,
  'fluent-emoji-high-contrast': 0.012,
  'emojione-monotone': 0.01,
}

/** Kinds that are common in photos but have few images here. */
const FEW = /\b(cat|dog|kitten|puppy|rose|tulip|sunflower|daisy|dandelion|flower)s?\b/
const NATURE = /^tuxpaint-stamps\/(animals|plants|food)\//

/** @param {import('./words.mjs').Image} image */
function often({ id, names, tags, photo, seldom }) {
  if (seldom) return 0.3
  const few = !photo && (names.some((n) => FEW.test(n)) || tags.includes('dog') || tags.includes('flower'))
  return (NATURE.test(id) ? 2 : 1) * (few ? 2 : 1)
}

/**
 * How many samples each image gives.
 *
 * @param {import('./words.mjs').Image[]} images
 * @param {number} total samples wanted
 * @param {() => number} random
 * @returns {number[]} one count an image
 */
export function countEach(pictures, total, random) {
  const bySource = new Map()
  pictures.forEach((p, i) => {
    if (!bySource.has(p.source)) bySource.set(p.source, [])
    bySource.get(p.source).push(i)
  })
  const icons = ICON_SETS.filter((s) => bySource.has(s))
  const fixed = Object.entries(SHARE).reduce((sum, [s, share]) => sum + (bySource.has(s) ? share : 0), 0)
  const size = (s) => bySource.get(s).length ** 0.7
  const sizes = icons.reduce((sum, s) => sum + size(s), 0)
  const left = Math.max(0.08, 1 - fixed)
  const counts = new Array(pictures.length).fill(0)
  for (const [source, indices] of bySource) {
    const share = SHARE[source] ?? (left * size(source)) / sizes
    // classes balanced by the square root
    const named = new Map()
    for (const i of indices) named.set(pictures[i].names[0], (named.get(pictures[i].names[0]) ?? 0) + 1)
    const weights = indices.map((i) => often(pictures[i]) / Math.sqrt(named.get(pictures[i].names[0])))
    const sum = weights.reduce((a, b) => a + b, 0)
    indices.forEach((i, k) => {
      counts[i] = Math.floor((total * share * weights[k]) / sum / (fixed + left) + random())
    })
  }
  return counts
}
