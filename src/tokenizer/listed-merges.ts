// Byte pair encoding over a vocabulary that a file lists (`vocab.json` and `merges.txt`, or the `model` of a
// `tokenizer.json`), with ids and merges in any order; a byte may be missing.

import { CheckpointError } from '../errors.ts'
import { byteAlphabet, byteIds } from './bytes.ts'

/** The id of each piece (bytes as printable characters, with '</w>' where a word ends), and the highest one. */
export interface ListedVocabulary {
  size: number
  highestId: number
  idOf(piece: string): number | undefined
  entries(): [piece: string, id: number][]
}

/** Checks a file's JSON. It is not copied into a Map, which would take longer than reading the file. */
export function listedVocabulary(json: unknown, where: string): ListedVocabulary {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new CheckpointError(`${where}: expected an object of ids by piece`)
  }
  const ids = json as Record<string, number>
  let [size, highestId] = [0, -1]
  for (const piece in ids) {
    const id = ids[piece]!
    if (!Number.isSafeInteger(id) || id < 0 || id >= 2 ** 30) {
      throw new CheckpointError(`${where}: '${piece}' has id ${JSON.stringify(id)}; expected a whole number`)
    }
    size++
    if (id > highestId) highestId = id
  }
  return {
    size,
    highestId,
    idOf: (piece) => (Object.hasOwn(ids, piece) ? ids[piece] : undefined),
    entries: () => Object.entries(ids),
  }
}

const utf8 = new TextEncoder()

/** Maximum number of cached words: captions repeat them. */
const cacheSize = 1 << 16

/**
 * The ids of one word.
 *
 * @param merges lines of two pieces, or lists of two, the best first
 * @param unknownId the id of bytes that the vocabulary lacks; undefined: they are left out
 * @param where the file, for messages
 * @throws CheckpointError for merges of pieces that the vocabulary lacks
 */
export function listedMerges(
  vocabulary: ListedVocabulary,
  merges: readonly unknown[],
  unknownId: number | undefined,
  where: string,
): (word: string) => readonly number[] {
  const table = mergeTable(vocabulary, merges, where)
  const idOf = (piece: string): number | undefined => vocabulary.idOf(piece) ?? unknownId
  const inside = byteIds.map((id) => idOf(byteAlphabet[id]!))
  const last = byteIds.map((id) => idOf(`${byteAlphabet[id]}</w>`))
  const cache = new Map<string, readonly number[]>()
  return (word) => {
    let ids = cache.get(word)
    if (!ids) {
      const bytes = utf8.encode(word)
      const single = Array.from(bytes, (byte, i) => (i === bytes.length - 1 ? last : inside)[byte])
      ids = mergeAll(
        single.filter((id) => id !== undefined),
        table,
      )
      if (cache.size >= cacheSize) cache.clear()
      cache.set(word, ids)
    }
    return ids
  }
}

interface MergeTable {
  /** The rank of merging two ids; infinity if they do not merge. */
  rank(left: number | undefined, right: number | undefined): number
  /** The id that the merge of each rank makes. */
  made: Int32Array
}

/** A hash table with open addressing, as in `bpe.ts`. */
function mergeTable(vocabulary: ListedVocabulary, merges: readonly unknown[], where: string): MergeTable {
  const { length } = merges
  const [lefts, rights, made] = [new Int32Array(length), new Int32Array(length), new Int32Array(length)]
  const slots = new Int32Array(1 << (33 - Math.clz32(length)))
  const mask = slots.length - 1
  const first = (left: number, right: number) => (Math.imul(left * 0x10003 + right, 0x9e3779b1) >>> 7) & mask
  for (let i = 0; i < length; i++) {
    const [left, right] = pairOf(merges[i], where)
    const id = (piece: string): number => {
      const id = vocabulary.idOf(piece)
      if (id !== undefined) return id
      throw new CheckpointError(
        `${where}: merge ${i + 1} ('${left} ${right}') needs the piece '${piece}', which is not in the vocabulary`,
      )
    }
    lefts[i] = id(left)
    rights[i] = id(right)
    made[i] = id(left + right)
    let slot = first(lefts[i]!, rights[i]!)
    for (; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const other = slots[slot]! - 1
      if (lefts[other] === lefts[i] && rights[other] === rights[i]) {
        throw new CheckpointError(`${where}: merge ${i + 1} ('${left} ${right}') is listed twice`)
      }
    }
    slots[slot] = i + 1
  }
  return {
    made,
    rank(left, right) {
      if (left === undefined || right === undefined) return Number.POSITIVE_INFINITY
      for (let slot = first(left, right); slots[slot] !== 0; slot = (slot + 1) & mask) {
        const rank = slots[slot]! - 1
        if (lefts[rank] === left && rights[rank] === right) return rank
      }
      return Number.POSITIVE_INFINITY
    },
  }
}

/** A merge as a line, or as a list of two. */
function pairOf(merge: unknown, where: string): readonly [string, string] {
  const pair = typeof merge === 'string' ? merge.split(' ') : (merge as string[])
  if (Array.isArray(pair) && pair.length === 2 && typeof pair[0] === 'string' && typeof pair[1] === 'string') {
    return pair as [string, string]
  }
  throw new CheckpointError(`${where}: merge ${JSON.stringify(merge)} should be two pieces`)
}

/** Repeats the best merge at its leftmost place, as Hugging Face's tokenizers do. */
function mergeAll(bytes: readonly number[], { rank, made }: MergeTable): readonly number[] {
  let ids = bytes
  for (;;) {
    let best = Number.POSITIVE_INFINITY
    for (let i = 0; i + 1 < ids.length; i++) best = Math.min(best, rank(ids[i], ids[i + 1]))
    if (best === Number.POSITIVE_INFINITY) return ids
    // One pass does this merge everywhere, unless its result can take part in a better one.
    const id = made[best]!
    const merged: number[] = []
    let stop = false
    for (let i = 0; i < ids.length; ) {
      if (!stop && rank(ids[i], ids[i + 1]) === best) {
        i += 2
        stop = Math.min(rank(merged.at(-1), id), rank(id, ids[i])) <= best
        merged.push(id)
      } else merged.push(ids[i++]!)
    }
    ids = merged
  }
}
