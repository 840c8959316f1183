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
/** Starting another run costs about as much as this many positions; less padding than that is not worth one. */
const paddingWorthARun = 32

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
  const batches: TextBatch[] = []
  for (let from = 0; from < byLength.length; ) {
    let to = from + 1
    while (to < byLength.length && fits(ends[byLength[to - 1]!]! + 1, ends[byLength[to]!]! + 1, to - from)) to++
    batches.push(batch(byLength.slice(from, to), rows, ends))
    from = to
  }
  return { batches, pieces }
}

/** Whether a batch of `count` rows of at most `length` positions takes in one of `next` positions. */
const fits = (length: number, next: number, count: number): boolean =>
  (count + 1) * next <= mostPositions && count * (next - length) <= paddingWorthARun

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
    `text "${shown}" has ${ids.length} tokens and the model reads ${contextLength}; shorten it, or ask for it to be cut (truncate) or split (chunk)`,
  )
}

/** The position that the embedding is read at: the highest id's first place, or the end's. */
function endOf(row: Int32Array, { pool, endId }: TextTowerConfig): number {
  const wanted = pool === 'argmax' ? row.reduce((a, b) => Math.max(a, b)) : endId
  return Math.max(0, row.indexOf(wanted))
}
