// The output of a command: results to standard output, everything else to standard error.

import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { clipped } from './table.ts'

type Output = Writable & { isTTY?: boolean; columns?: number }

export interface Streams {
  stdin: Readable
  stdout: Output
  stderr: Output
}

export interface Terminal {
  readonly stdin: Readable
  /** Aborted when the user interrupts. */
  readonly signal: AbortSignal
  /** Whether progress is drawn: standard error is a terminal, without `--quiet`. */
  readonly watched: boolean
  /** `--quiet`: no notices and no progress. */
  readonly quiet: boolean
  /** Columns of the terminal that shows progress, or 80. */
  readonly columns: number
  /** A line of results. Resolves when there is room for the next one. */
  print(line: string): Promise<void>
  /** An error. Always shown. */
  error(message: string): void
  /** A notice. `--quiet` hides it. */
  note(message: string): void
  /** The progress line, which changes in place. Undefined removes it. */
  status(line: string | undefined): void
  /** The same terminal with `--quiet`. */
  silenced(): Terminal
  /** The same terminal; every error and notice is rewritten first. */
  withMessages(rewrite: (message: string) => string): Terminal
}

const eraseLine = '\r\u001b[K'

export function createTerminal(
  streams: Streams,
  signal: AbortSignal,
  { quiet = false, rewrite = (message) => message }: { quiet?: boolean; rewrite?: (message: string) => string } = {},
): Terminal {
  const { stdin, stdout, stderr } = streams
  const watched = stderr.isTTY === true && !quiet
  let status: string | undefined

  /** Text on its own lines, with the progress line removed before and put back after. */
  function aside(stream: Output, text: string): boolean {
    if (status !== undefined && stream.isTTY) stderr.write(eraseLine)
    const room = stream.write(`${text}\n`)
    if (status !== undefined && stream.isTTY) stderr.write(status)
    return room
  }

  return {
    stdin,
    signal,
    watched,
    quiet,
    get columns() {
      return stderr.columns || 80
    },
    async print(line) {
      if (!aside(stdout, line)) await once(stdout, 'drain', { signal })
    },
    error: (message) => void aside(stderr, `typeclip: ${rewrite(message)}`),
    note: (message) => void (quiet || aside(stderr, `typeclip: ${rewrite(message)}`)),
    status(line) {
      if (!watched) return
      const fitting = line === undefined ? undefined : clipped(line, (stderr.columns || 80) - 1)
      if (fitting === status) return
      stderr.write(eraseLine + (fitting ?? ''))
      status = fitting
    },
    silenced: () => createTerminal(streams, signal, { quiet: true, rewrite }),
    withMessages: (rewrite) => createTerminal(streams, signal, { quiet, rewrite }),
  }
}
