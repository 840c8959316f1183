// Text files: UTF-8 with or without a byte order mark. Another encoding is refused, not repaired: training would learn
// captions with replacement characters.

import { UsageError } from '../errors.ts'

const lineFeed = 0x0a
const carriageReturn = 0x0d
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * A whole text.
 *
 * @param where a path or a member of an archive, for messages
 * @throws UsageError for bytes that are not UTF-8, with the number of their line
 */
export function decodeUtf8(bytes: Uint8Array, where: string): string {
  refuseUtf16(bytes, where)
  return withoutMark(decoded(bytes, where, 1))
}

/**
 * A text in blocks of whole lines, as its bytes arrive.
 *
 * @throws UsageError for bytes that are not UTF-8, with the number of their line
 */
export async function* utf8Blocks(chunks: AsyncIterable<Uint8Array>, where: string): AsyncGenerator<string> {
  let line = 1
  let rest: Uint8Array[] = []
  let first = true

  function text(bytes: Uint8Array): string {
    const block = decoded(bytes, where, line)
    for (let at = bytes.indexOf(lineFeed); at >= 0; at = bytes.indexOf(lineFeed, at + 1)) line++
    const whole = first ? withoutMark(block) : block
    first = false
    return whole
  }

  for await (const chunk of chunks) {
    if (first && rest.length === 0) refuseUtf16(chunk, where)
    const end = chunk.lastIndexOf(lineFeed) + 1
    if (end === 0) {
      rest.push(chunk)
      continue
    }
    yield text(joined([...rest, chunk.subarray(0, end)]))
    rest = end < chunk.length ? [chunk.subarray(end)] : []
  }
  if (rest.length > 0) yield text(joined(rest))
}

/** A line of a text file, with its number from 1. */
export interface TextLine {
  text: string
  /** From 1. */
  number: number
}

/** The lines of a text: a line ends with LF or CRLF and nothing else, and blank lines count. */
export async function* utf8Lines(chunks: AsyncIterable<Uint8Array>, where: string): AsyncGenerator<TextLine> {
  let number = 0
  for await (const block of utf8Blocks(chunks, where)) {
    const lines = block.split('\n')
    if (lines.at(-1) === '') lines.pop()
    for (const text of lines) yield { text: text.endsWith('\r') ? text.slice(0, -1) : text, number: ++number }
  }
}

const withoutMark = (text: string): string => (text.startsWith('\ufeff') ? text.slice(1) : text)

function decoded(bytes: Uint8Array, where: string, firstLine: number): string {
  try {
    return decoder.decode(bytes)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new UsageError(`${where}: line ${firstLine + badLine(bytes)} is not UTF-8; save the file as UTF-8`)
  }
}

/** Which line cannot be decoded, from 0. */
function badLine(bytes: Uint8Array): number {
  for (let from = 0, line = 0; ; line++) {
    const feed = bytes.indexOf(lineFeed, from)
    const end = feed < 0 ? bytes.length : feed
    const returns = end > from && bytes[end - 1] === carriageReturn
    try {
      decoder.decode(bytes.subarray(from, returns ? end - 1 : end))
    } catch {
      return line
    }
    if (feed < 0) return line
    from = end + 1
  }
}

/** UTF-16 starts with a mark, or else has many zero bytes among Latin letters. */
function refuseUtf16(bytes: Uint8Array, where: string): void {
  const [a, b] = bytes
  const marked = (a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff)
  const start = bytes.subarray(0, 64)
  const zeros = start.filter((byte) => byte === 0).length
  if (marked || (start.length >= 4 && zeros >= start.length / 4)) {
    throw new UsageError(`${where}: this is UTF-16; save the file as UTF-8`)
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
