// Where a command's results and remarks go: results to standard output, everything else to standard error.

import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'

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
  /** Whether someone watches standard error, so that progress is worth drawing. */
  readonly watched: boolean
  /** A line of results. Resolves when there is room for the next one. */
  print(line: string): Promise<void>
  /** A line for the person who runs the command. */
  note(message: string): void
  /** The one line that changes in place: progress. Undefined takes it away. */
  status(line: string | undefined): void
}

const eraseLine = '\r\u001b[K'

export function createTerminal({ stdin, stdout, stderr }: Streams, signal: AbortSignal): Terminal {
  const watched = stderr.isTTY === true
  let status: string | undefined

  /** Text on its own lines, with the progress line taken away before and put back after. */
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
    async print(line) {
      if (!aside(stdout, line)) await once(stdout, 'drain', { signal })
    },
    note: (message) => void aside(stderr, `typeclip: ${message}`),
    status(line) {
      if (!watched || line === status) return
      stderr.write(line === undefined ? eraseLine : eraseLine + line.slice(0, (stderr.columns || 80) - 1))
      status = line
    },
  }
}
