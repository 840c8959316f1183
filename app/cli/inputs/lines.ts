// Texts from a file or standard input, one per line. Lines end with LF or CRLF only, and blank lines count.

import { createReadStream } from 'node:fs'
import { addAbortSignal } from 'node:stream'
import { UsageError } from 'typeclip/errors'
import { isSystemError, reasonOf } from '../shell/system-errors.ts'
import type { Terminal } from '../shell/terminal.ts'

export interface Line {
  text: string
  /** From 1. */
  number: number
}

/** @throws UsageError for a file that cannot be read, or is not UTF-8 */
export async function* readLines(file: string, terminal: Terminal): AsyncGenerator<Line> {
  const { utf8Lines } = await import('typeclip')
  yield* utf8Lines(chunks(file, terminal), file)
}

async function* chunks(file: string, { stdin, signal }: Terminal): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of file === '-' ? addAbortSignal(signal, stdin) : createReadStream(file, { signal })) {
      yield Buffer.from(chunk)
    }
  } catch (error) {
    if (signal.aborted || !isSystemError(error)) throw error
    throw new UsageError(`${file} cannot be read: ${reasonOf(error)}`, { cause: error })
  }
}
