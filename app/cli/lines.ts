// Texts from a file or standard input, one a line: a line ends with LF or CRLF and nothing else, and blank lines count.

import { createReadStream } from 'node:fs'
import { addAbortSignal } from 'node:stream'
import { UsageError } from 'typeclip/errors'
import { isSystemError, reasonOf } from './system-errors.ts'
import type { Terminal } from './terminal.ts'

export interface Line {
  text: string
  /** From 1. */
  number: number
}

const [lineFeed, carriageReturn] = [0x0a, 0x0d]

/** @throws UsageError for a file that cannot be read, or is not UTF-8 */
export async function* readLines(file: string, terminal: Terminal): AsyncGenerator<Line> {
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let number = 0
  for await (const bytes of byteLines(file, terminal)) {
    number++
    try {
      const text = utf8.decode(bytes)
      yield { text: number === 1 ? text.replace(/^\ufeff/, '') : text, number }
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
      throw new UsageError(`${file}: line ${number} is not UTF-8; save the file as UTF-8`, { cause: error })
    }
  }
}

async function* byteLines(file: string, { stdin, signal }: Terminal): AsyncGenerator<Uint8Array> {
  let rest = Buffer.alloc(0)
  try {
    for await (const chunk of file === '-' ? addAbortSignal(signal, stdin) : createReadStream(file, { signal })) {
      const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : Buffer.from(chunk)
      let from = 0
      for (let to = bytes.indexOf(lineFeed, rest.length); to >= 0; to = bytes.indexOf(lineFeed, from)) {
        yield bytes.subarray(from, to > from && bytes[to - 1] === carriageReturn ? to - 1 : to)
        from = to + 1
      }
      rest = bytes.subarray(from)
    }
  } catch (error) {
    if (signal.aborted || !isSystemError(error)) throw error
    throw new UsageError(`${file} cannot be read: ${reasonOf(error)}`, { cause: error })
  }
  if (rest.length > 0) yield rest
}
