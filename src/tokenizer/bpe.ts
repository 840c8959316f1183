// Byte pair encoding (Sennrich et al. 2016) over the bytes of a word: start from single bytes and repeat the best
// merge of two neighbours.

import { byteAlphabet, byteIds } from './bytes.ts'

/** Merges as pairs of ids, best first: merge i joins ids [2i] and [2i + 1] into id `firstMerged + i`. */
export type Merges = Uint16Array

// Ids: the 256 bytes in the alphabet's order, the same bytes at the end of a word, then the result of each merge.
export const wordEnd = 256
export const firstMerged = 512

export interface BytePairEncoding {
  /** Number of ids. */
  size: number
  /** The ids of one word, as split by `wordPattern`. */
  encode(word: string): readonly number[]
  /** The vocabulary: id → its bytes as printable characters, with '</w>' where it ends a word. */
  pieces(): readonly string[]
}

const utf8 = new TextEncoder()

/** Maximum number of cached words: captions repeat them. */
const cacheSize = 1 << 16

export function createBytePairEncoding(merges: Merges): BytePairEncoding {
  const rank = rankLookup(merges)
  const cache = new Map<string, readonly number[]>()
  let pieces: string[] | undefined
  return {
    size: firstMerged + merges.length / 2,
    encode(word) {
      let ids = cache.get(word)
      if (!ids) {
        ids = mergeBytes(utf8.encode(word), rank)
        if (cache.size >= cacheSize) cache.clear()
        cache.set(word, ids)
      }
      return ids
    },
    pieces() {
      pieces ??= spell(merges)
      return pieces
    },
  }
}

/** The rank of merging two ids; infinity if they do not merge. */
type Rank = (left: number, right: number) => number

function mergeBytes(bytes: Uint8Array, rank: Rank): number[] {
  const ids = Array.from(bytes, (byte) => byteIds[byte]!)
  ids[ids.length - 1]! += wordEnd

  // ranks[i]: the rank of merging ids i and i + 1. Each round applies the best merge wherever it occurs.
  const ranks: number[] = []
  for (let i = 0; i + 1 < ids.length; i++) ranks.push(rank(ids[i]!, ids[i + 1]!))
  while (ranks.length > 0) {
    let best = Number.POSITIVE_INFINITY
    for (const candidate of ranks) if (candidate < best) best = candidate
    if (best === Number.POSITIVE_INFINITY) break

    const merged = firstMerged + best
    let to = 0
    for (let from = 0; from < ids.length; from++, to++) {
      const merges = ranks[from] === best
      ids[to] = merges ? merged : ids[from]!
      if (merges) from++
      ranks[to] = ranks[from]!
    }
    ids.length = to
    ranks.length = to - 1
    for (let i = 0; i < ranks.length; i++) {
      if (ids[i] === merged || ids[i + 1] === merged) ranks[i] = rank(ids[i]!, ids[i + 1]!)
    }
  }
  return ids
}

/** A hash table with open addressing; filling a Map takes several times as long, at every start. */
function rankLookup(merges: Merges): Rank {
  const slots = new Int32Array(1 << (32 - Math.clz32(merges.length)))
  const mask = slots.length - 1
  const empty = 0
  const first = (left: number, right: number) => (Math.imul((left << 16) | right, 0x9e3779b1) >>> 7) & mask
  for (let i = 0; i < merges.length; i += 2) {
    let slot = first(merges[i]!, merges[i + 1]!)
    while (slots[slot] !== empty) slot = (slot + 1) & mask
    slots[slot] = i / 2 + 1
  }
  return (left, right) => {
    for (let slot = first(left, right); slots[slot] !== empty; slot = (slot + 1) & mask) {
      const rank = slots[slot]! - 1
      if (merges[2 * rank] === left && merges[2 * rank + 1] === right) return rank
    }
    return Number.POSITIVE_INFINITY
  }
}

function spell(merges: Merges): string[] {
  const pieces = [...byteAlphabet, ...byteAlphabet.map((character) => `${character}</w>`)]
  for (let i = 0; i < merges.length; i += 2) pieces.push(pieces[merges[i]!]! + pieces[merges[i + 1]!]!)
  return pieces
}
