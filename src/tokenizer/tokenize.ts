// Text → token ids, as `clip.tokenize` gives them, and back.

import { InputError, UsageError } from '../errors.ts'
import { createBytePairEncoding, type Merges } from './bpe.ts'
import { bytesOf } from './bytes.ts'
import { type Cleaning, cleanings } from './clean.ts'
import { parseMerges } from './merges.ts'
import { wordPattern } from './words.ts'

export type { Cleaning } from './clean.ts'

/** Byte pair encoding (§2.4 of the paper): text to token ids and back. */
export interface Tokenizer {
  /** [start, …ids, end] of a text after cleaning, never cut and without padding. */
  encode(text: string): number[]
  /** Ids back to (cleaned) text, as `clip`'s own `decode` gives it: a space after every word. */
  decode(ids: Iterable<number>): string
  /** An id's entry in the vocabulary: its bytes as printable characters, with '</w>' where it ends a word. */
  piece(id: number): string
  startId: number
  endId: number
  vocabularySize: number
  /** The id after a text's end, where the tokenizer's files name one; the convention's otherwise. */
  paddingId?: number
  convention: Convention
}

/** What the projects that publish CLIP checkpoints do differently around the same merges. */
const conventions = {
  openai: { start: '<|startoftext|>', end: '<|endoftext|>', paddingId: 0, onLong: 'error' },
  open_clip: { start: '<start_of_text>', end: '<end_of_text>', paddingId: 0, onLong: 'truncate' },
  huggingface: { start: '<|startoftext|>', end: '<|endoftext|>', paddingId: 49407, onLong: 'error' },
} as const satisfies Record<string, { start: string; end: string; paddingId: number; onLong: 'error' | 'truncate' }>

/** The project whose rules for special tokens, padding and truncation a tokenizer follows. */
export type Convention = keyof typeof conventions

/** How a tokenizer cleans text and whose conventions it follows. */
export interface TokenizerOptions {
  /** How a text is cleaned. Default: as `clip.tokenize` does. */
  clean?: Cleaning
  /** The project whose rules for special tokens, padding and truncation apply. */
  convention?: Convention
}

/** `merges` as text, one a line, or as pairs of ids (`loadTokenizer` reads those that ship with typeclip). */
export function createTokenizer(merges: string | Merges, options: TokenizerOptions = {}): Tokenizer {
  const { clean = 'openai', convention = 'openai' } = options
  const cleaning = lookUp(cleanings, clean, 'clean')
  const { start, end } = lookUp(conventions, convention, 'convention')
  const bpe = createBytePairEncoding(typeof merges === 'string' ? parseMerges(merges) : merges)
  const words = wordPattern([start, end])
  const startId = bpe.size
  const endId = bpe.size + 1

  function piece(id: number): string {
    const text = id === startId ? start : id === endId ? end : bpe.pieces()[id]
    if (text === undefined) {
      throw new UsageError(`Token id ${id} is not in the vocabulary, whose ids are 0 to ${endId}`)
    }
    return text
  }

  return {
    startId,
    endId,
    vocabularySize: endId + 1,
    convention,
    piece,
    encode(text) {
      const ids = [startId]
      for (const word of cleaning(text).match(words) ?? []) {
        // A special token that is spelled out in the text becomes that token.
        if (word === start) ids.push(startId)
        else if (word === end) ids.push(endId)
        else for (const id of bpe.encode(word)) ids.push(id)
      }
      ids.push(endId)
      return ids
    },
    decode(ids) {
      const bytes = Array.from(ids, (id) => bytesOf(piece(id))).flat()
      return utf8.decode(Uint8Array.from(bytes)).replaceAll('</w>', ' ')
    },
  }
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

/** Options of `tokenize`. */
export interface TokenizeOptions {
  /** Tokens of a row, start and end included. Default: the checkpoint's, 77 for CLIP. */
  contextLength?: number
  /** For a text with more tokens: `error`, or `truncate` (the last token becomes the end token). */
  onLong?: 'error' | 'truncate'
  /** The project whose defaults for `onLong` and `paddingId` apply. Default: the tokenizer's. */
  convention?: Convention
  /** The padding id after the end of a text. Default: the convention's. */
  paddingId?: number
}

/** Token ids of several texts, in rows of equal length. */
export interface Tokens {
  /** [n, contextLength], row by row. */
  ids: Int32Array
  shape: [number, number]
  /** The tokens of each row before padding, start and end included. */
  lengths: number[]
}

/**
 * Texts as rows of token ids of equal length, as `clip.tokenize` gives them.
 *
 * @throws InputError for a text of more tokens than a row, with their number
 *
 * @example
 * ```ts
 * import { loadTokenizer, tokenize } from 'typeclip'
 *
 * const { ids, shape } = tokenize(await loadTokenizer(), ['a photo of a cat']) // shape [1, 77]
 * ```
 */
export function tokenize(
  tokenizer: Tokenizer,
  texts: string | readonly string[],
  options: TokenizeOptions = {},
): Tokens {
  const convention = lookUp(conventions, options.convention ?? tokenizer.convention, 'convention')
  const tokenizerPaddingId = options.convention === undefined ? tokenizer.paddingId : undefined
  const {
    contextLength = 77,
    onLong = convention.onLong,
    paddingId = tokenizerPaddingId ?? convention.paddingId,
  } = options
  checkContextLength(contextLength)
  const rows = (typeof texts === 'string' ? [texts] : texts).map((text, index) => {
    const ids = tokenizer.encode(text)
    if (ids.length <= contextLength) return ids
    if (onLong !== 'truncate') throw tooLong(text, index, ids.length, contextLength)
    return [...ids.slice(0, contextLength - 1), tokenizer.endId]
  })
  const ids = new Int32Array(rows.length * contextLength).fill(paddingId)
  for (const [index, row] of rows.entries()) ids.set(row, index * contextLength)
  return { ids, shape: [rows.length, contextLength], lengths: rows.map((row) => row.length) }
}

/**
 * A long text as several rows of ids, each [start, …ids, end] within `contextLength` (our addition: the mean of the rows'
 * embeddings represents the text). Rows end at the end of a word, unless one word fills a row.
 */
export function chunk(tokenizer: Tokenizer, text: string, contextLength = 77): number[][] {
  checkContextLength(contextLength)
  const { startId, endId } = tokenizer
  const ids = tokenizer.encode(text).slice(1, -1)
  const room = contextLength - 2
  const rows: number[][] = []
  let from = 0
  do {
    let to = Math.min(from + room, ids.length)
    if (to < ids.length) {
      while (to > from && !endsWord(tokenizer, ids[to - 1]!)) to--
      if (to === from) to = from + room
    }
    rows.push([startId, ...ids.slice(from, to), endId])
    from = to
  } while (from < ids.length)
  return rows
}

function endsWord(tokenizer: Tokenizer, id: number): boolean {
  return id === tokenizer.startId || id === tokenizer.endId || tokenizer.piece(id).endsWith('</w>')
}

function checkContextLength(contextLength: number): void {
  if (!Number.isInteger(contextLength) || contextLength < 3) {
    throw new UsageError(
      `\`contextLength\` is ${contextLength}; a row needs a start, an end and at least one token: 3 or more`,
    )
  }
}

function tooLong(text: string, index: number, count: number, contextLength: number): InputError {
  const shown = text.length > 60 ? `${text.slice(0, 57)}…` : text
  return new InputError(
    `Text ${index} (${JSON.stringify(shown)}) has ${count} tokens with start and end, more than the context length ` +
      `${contextLength}: shorten it, or cut it with \`onLong: 'truncate'\``,
    { option: 'onLong' },
  )
}

function lookUp<T>(table: Record<string, T>, name: string, what: string): T {
  if (!Object.hasOwn(table, name)) {
    throw new UsageError(`\`${what}\` is '${name}'; expected one of ${Object.keys(table).join(', ')}`)
  }
  return table[name]!
}
