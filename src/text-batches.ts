// Texts in batches that waste nothing: attention is causal and the embedding is read at end-of-text, so what stands
// after it cannot matter, and a batch is cut to its longest text.

import { InputError } from './errors.ts'
import type { TextTowerConfig } from './model/config.ts'
import { chunk, type Tokenizer } from './tokenizer/tokenize.ts'

export type LongText = 'error' | 'truncate' | 'chunk'

export interface TextBatch {
  /** `[rows, length]`, zeros after each end */
  ids: Int32Array
  /** Where each row's embedding is read. */
  ends: BigInt64Array
  shape: [rows: number, length: number]
  /** Which piece each row is. */
  pieces: number[]
}

/** Positions in one run: more of them run no faster, and take more memory. */
const mostPositions = 4096
/** A run reads all weights, however little it computes; that takes as long as computing this many positions. */
const runCost = 24

/** Batches of pieces, and for each text the pieces it is made of: one, unless long texts are split. */
export function textBatches(
  tokenizer: Tokenizer,
  texts: readonly string[],
  tower: TextTowerConfig,
  onLong: LongText,
): { batches: TextBatch[]; pieces: number[][] } {
  const rows: Int32Array[] = []
  const pieces = texts.map((text) =>
    rowsOf(tokenizer, text, tower, onLong).map((row) => rows.push(Int32Array.from(row)) - 1),
  )
  const ends = rows.map((row) => endOf(row, tower))
  const byLength = [...rows.keys()].sort((a, b) => ends[a]! - ends[b]!)
  const lengths = byLength.map((piece) => ends[piece]! + 1)
  const batches = groupLengths(lengths).map(([from, to]) => batch(byLength.slice(from, to), rows, ends))
  return { batches, pieces }
}

/**
 * Ascending lengths cut into groups `[from, to)`, each padded to its longest, at the least cost in all: the positions
 * computed, and `runCost` for every run. Found by dynamic programming over the places where the length changes.
 */
export function groupLengths(lengths: readonly number[]): [from: number, to: number][] {
  const ends = lengths.flatMap((length, i) => (length === lengths[i + 1] ? [] : [i + 1]))
  // For each place: the least cost of all before it, and where its last group begins.
  const best = new Map([[0, { cost: 0, from: 0 }]])
  for (const to of ends) {
    const longest = lengths[to - 1]!
    const choices = [0, ...ends.filter((end) => end < to)].map((from) => {
      const positions = (to - from) * longest
      return { cost: best.get(from)!.cost + positions + runCost * Math.ceil(positions / mostPositions), from }
    })
    best.set(
      to,
      choices.reduce((a, b) => (b.cost < a.cost ? b : a)),
    )
  }
  const groups: [number, number][] = []
  for (let to = lengths.length; to > 0; to = best.get(to)!.from) {
    const { from } = best.get(to)!
    const most = Math.max(1, Math.floor(mostPositions / lengths[to - 1]!))
    for (let end = to; end > from; end -= most) groups.unshift([Math.max(from, end - most), end])
  }
  return groups
}

function batch(pieces: number[], rows: Int32Array[], ends: number[]): TextBatch {
  const length = ends[pieces.at(-1)!]! + 1
  const ids = new Int32Array(pieces.length * length)
  for (const [i, piece] of pieces.entries()) ids.set(rows[piece]!.subarray(0, length), i * length)
  return {
    ids,
    ends: BigInt64Array.from(pieces, (piece) => BigInt(ends[piece]!)),
    shape: [pieces.length, length],
    pieces,
  }
}

function rowsOf(tokenizer: Tokenizer, text: string, { contextLength }: TextTowerConfig, onLong: LongText): number[][] {
  const ids = tokenizer.encode(text)
  if (ids.length <= contextLength) return [ids]
  if (onLong === 'chunk') return chunk(tokenizer, text, contextLength)
  if (onLong === 'truncate') return [[...ids.slice(0, contextLength - 1), tokenizer.endId]]
  const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text
  throw new InputError(
    `text "${shown}" has ${ids.length} tokens and the model reads ${contextLength}; shorten it, cut it with \`onLong: 'truncate'\`, or split it with \`onLong: 'chunk'\``,
    { option: 'onLong' },
  )
}

/** The position that the embedding is read at: the highest id's first place, or the end's. */
export function endOf(row: Int32Array, { pool, endId }: TextTowerConfig): number {
  const wanted = pool === 'argmax' ? row.reduce((a, b) => Math.max(a, b)) : endId
  return Math.max(0, row.indexOf(wanted))
}
