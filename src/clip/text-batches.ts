// Batches of texts with little padding.
//
// Every text ends in an end-of-text token, and its embedding is read at that token's position: `endOf`. In the text
// transformer a position sees only those before it (causal attention), so what follows end-of-text changes nothing. A
// batch is therefore cut to its longest text instead of padded to the context length, and texts of similar length share
// a batch.

import { excerpt, InputError } from '../errors.ts'
import type { TextTowerConfig } from '../model/config.ts'
import { checkIds } from '../model/token-ids.ts'
import { chunk, type Tokenizer } from '../tokenizer/tokenize.ts'
import { foundInstead, inputName } from './input-name.ts'

export const longTextChoices = ['error', 'truncate', 'chunk'] as const

/** For a text of more tokens than the context length: refuse it, cut it, or split it and average the parts. */
export type LongText = (typeof longTextChoices)[number]

export interface TextBatch {
  /** `[rows, length]`, zeros after each end */
  ids: Int32Array
  /** The position of each row's end-of-text token. */
  ends: BigInt64Array
  shape: [rows: number, length: number]
  /** The index of each row's piece. */
  pieces: number[]
}

/** Positions in one run; more are not faster and take more memory. */
const maxPositions = 4096
/** The fixed cost of a run, in positions: it reads all weights, however few positions it computes. */
const runCost = 24

/**
 * Batches of pieces, and for each text its pieces: one, unless long texts are split (`chunk`).
 *
 * @throws InputError for a text that is too long, with its `index`; CheckpointError if the tokenizer gives ids that
 *   the model does not have
 */
export function textBatches(
  tokenizer: Tokenizer,
  texts: readonly string[],
  tower: TextTowerConfig,
  onLong: LongText,
): { batches: TextBatch[]; pieces: number[][] } {
  const rows: Int32Array[] = []
  const pieces = texts.map((text, index) =>
    idsOf(tokenizer, text, index, tower, onLong).map((row) => rows.push(Int32Array.from(row)) - 1),
  )
  const ends = rows.map((row) => endOf(row, tower))
  const byLength = [...rows.keys()].sort((a, b) => ends[a]! - ends[b]!)
  const lengths = byLength.map((piece) => ends[piece]! + 1)
  const batches = groupLengths(lengths).map(([from, to]) => batch(byLength.slice(from, to), rows, ends))
  return { batches, pieces }
}

/**
 * Splits ascending lengths into groups `[from, to)`, each padded to its longest, at the least total cost: the number of positions
 * plus `runCost` for each run. Dynamic programming over the indices at which the length changes.
 */
export function groupLengths(lengths: readonly number[]): [from: number, to: number][] {
  const ends = lengths.flatMap((length, i) => (length === lengths[i + 1] ? [] : [i + 1]))
  // For each index: the least cost of all texts before it, and the start of the last group of that solution.
  const best = new Map([[0, { cost: 0, from: 0 }]])
  for (const to of ends) {
    const longest = lengths[to - 1]!
    const choices = [0, ...ends.filter((end) => end < to)].map((from) => {
      const positions = (to - from) * longest
      return { cost: best.get(from)!.cost + positions + runCost * Math.ceil(positions / maxPositions), from }
    })
    best.set(
      to,
      choices.reduce((a, b) => (b.cost < a.cost ? b : a)),
    )
  }
  const groups: [number, number][] = []
  for (let to = lengths.length; to > 0; to = best.get(to)!.from) {
    const { from } = best.get(to)!
    const maxRows = Math.max(1, Math.floor(maxPositions / lengths[to - 1]!))
    for (let end = to; end > from; end -= maxRows) groups.unshift([Math.max(from, end - maxRows), end])
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

function idsOf(
  tokenizer: Tokenizer,
  text: string,
  index: number,
  tower: TextTowerConfig,
  onLong: LongText,
): number[][] {
  const ids = tokenizer.encode(text)
  checkIds(ids, tower, text)
  const { contextLength } = tower
  if (ids.length <= contextLength) return [ids]
  if (onLong === 'chunk') return chunk(tokenizer, text, contextLength)
  if (onLong === 'truncate') return [[...ids.slice(0, contextLength - 1), tokenizer.endId]]
  const error = new InputError(
    `text "${excerpt(text, 60)}" has ${ids.length} tokens and the model reads ${contextLength}; shorten it, cut it with \`onLong: 'truncate'\`, or split it with \`onLong: 'chunk'\``,
    { option: 'onLong' },
  )
  throw Object.assign(error, { index, input: inputName(text) })
}

/** @throws InputError for the first that is not a string */
export function checkTexts(texts: readonly string[]): readonly string[] {
  const wrong = texts.findIndex((text) => typeof text !== 'string')
  if (wrong < 0) return texts
  const input = foundInstead(texts[wrong])
  throw Object.assign(new InputError(`text ${wrong}: expected a string; found ${input}`), { index: wrong, input })
}

/**
 * The position of the end-of-text token, where the embedding is read. OpenAI's code finds it as the highest id (`argmax`),
 * which is end-of-text in CLIP's vocabulary; other models name the token's id.
 */
export function endOf(row: Int32Array, { pool, endId }: TextTowerConfig): number {
  const readId = pool === 'argmax' ? row.reduce((a, b) => Math.max(a, b)) : endId
  return Math.max(0, row.indexOf(readId))
}
