// Byte pair encoding over a vocabulary that a file lists (`vocab.json` and `merges.txt`, or the `model` of a
// `tokenizer.json`), where ids and merges are in any order and a byte may be missing.

import { CheckpointError } from '../errors.ts'
import { byteAlphabet, byteIds } from './bytes.ts'

export interface ListedVocabulary {
  /** Id by piece: bytes as printable characters, with '</w>' where a word ends. */
  vocabulary: ReadonlyMap<string, number>
  /** Pairs of pieces, the best first. */
  merges: readonly (readonly [left: string, right: string])[]
  /** What a byte gets that the vocabulary does not have; undefined: it is left out. */
  unknownId: number | undefined
}

interface Merge {
  rank: number
  id: number
}

const utf8 = new TextEncoder()

/** Words are remembered, up to this many: captions repeat them. */
const cacheSize = 1 << 16

// Keys of pairs are exact numbers: ids are below 2^26.
const pairKey = (left: number, right: number): number => left * 2 ** 26 + right

/**
 * The ids of one word.
 *
 * @param where the file, for messages
 * @throws CheckpointError for merges that the vocabulary does not have
 */
export function listedMerges(listed: ListedVocabulary, where: string): (word: string) => readonly number[] {
  const merges = mergesById(listed, where)
  const idOf = (piece: string): number | undefined => listed.vocabulary.get(piece) ?? listed.unknownId
  const inside = byteIds.map((byte) => idOf(byteAlphabet[byte]!))
  const last = byteIds.map((byte) => idOf(`${byteAlphabet[byte]}</w>`))
  const cache = new Map<string, readonly number[]>()
  return (word) => {
    let ids = cache.get(word)
    if (!ids) {
      const bytes = utf8.encode(word)
      const single = Array.from(bytes, (byte, i) => (i === bytes.length - 1 ? last : inside)[byte])
      ids = mergeAll(
        single.filter((id) => id !== undefined),
        merges,
      )
      if (cache.size >= cacheSize) cache.clear()
      cache.set(word, ids)
    }
    return ids
  }
}

function mergesById({ vocabulary, merges }: ListedVocabulary, where: string): Map<number, Merge> {
  const byPair = new Map<number, Merge>()
  for (const [rank, [left, right]] of merges.entries()) {
    const ids = [left, right, left + right].map((piece) => {
      const id = vocabulary.get(piece)
      if (id !== undefined) return id
      throw new CheckpointError(
        `${where}: merge ${rank + 1} ('${left} ${right}') needs the piece '${piece}', which is not in the vocabulary`,
      )
    })
    const key = pairKey(ids[0]!, ids[1]!)
    if (byPair.has(key)) throw new CheckpointError(`${where}: merge ${rank + 1} ('${left} ${right}') is listed twice`)
    byPair.set(key, { rank, id: ids[2]! })
  }
  return byPair
}

/** The best merge is done at its leftmost place, again and again, as Hugging Face's tokenizers do. */
function mergeAll(bytes: readonly number[], merges: ReadonlyMap<number, Merge>): readonly number[] {
  const rankOf = (left: number | undefined, right: number | undefined): number =>
    (left === undefined || right === undefined ? undefined : merges.get(pairKey(left, right))?.rank) ??
    Number.POSITIVE_INFINITY
  let ids = bytes
  for (;;) {
    let best: Merge | undefined
    for (let i = 0; i + 1 < ids.length; i++) {
      const merge = merges.get(pairKey(ids[i]!, ids[i + 1]!))
      if (merge && (!best || merge.rank < best.rank)) best = merge
    }
    if (!best) return ids
    // One pass does this merge everywhere, unless what it makes can take part in a better one.
    const merged: number[] = []
    let stop = false
    for (let i = 0; i < ids.length; ) {
      if (!stop && rankOf(ids[i], ids[i + 1]) === best.rank) {
        i += 2
        stop = Math.min(rankOf(merged.at(-1), best.id), rankOf(best.id, ids[i])) <= best.rank
        merged.push(best.id)
      } else merged.push(ids[i++]!)
    }
    ids = merged
  }
}

/** Id by piece, checked. */
export function vocabularyOf(json: unknown, where: string): Map<string, number> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new CheckpointError(`${where}: expected an object of ids by piece`)
  }
  const vocabulary = new Map(Object.entries(json)) as Map<string, number>
  for (const [piece, id] of vocabulary) {
    if (Number.isSafeInteger(id) && id >= 0 && id < 2 ** 26) continue
    throw new CheckpointError(`${where}: '${piece}' has id ${JSON.stringify(id)}; expected a whole number`)
  }
  return vocabulary
}

/** A merge as a line, or as a list of two. */
export function pairOf(merge: unknown, where: string): [string, string] {
  const pair = typeof merge === 'string' ? merge.split(' ') : merge
  if (Array.isArray(pair) && pair.length === 2 && pair.every((half) => typeof half === 'string')) {
    return pair as [string, string]
  }
  throw new CheckpointError(`${where}: merge ${JSON.stringify(merge)} should be two pieces`)
}
