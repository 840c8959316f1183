// For tests: calls `run` like a shell, and returns its output and exit code.

import { Readable, Writable } from 'node:stream'
import { run } from '../../app/cli/run.ts'

export interface Captured {
  code: number
  stdout: string
  stderr: string
}

export async function captured(argv: readonly string[], stdin: string | Uint8Array = ''): Promise<Captured> {
  const written = { stdout: '', stderr: '' }
  const into = (name: keyof typeof written) =>
    new Writable({
      write(chunk, _encoding, done) {
        written[name] += chunk
        done()
      },
    })
  const streams = { stdin: Readable.from([Buffer.from(stdin)]), stdout: into('stdout'), stderr: into('stderr') }
  return { code: await run(argv, streams), ...written }
}

/** Each line as JSON. */
// biome-ignore lint/suspicious/noExplicitAny: each test states what it expects of a line
export const jsonLines = (text: string): any[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))
