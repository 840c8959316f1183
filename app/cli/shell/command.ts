// What a command is: a table of flags, examples for its help, and a function to the exit code.

import type { Flags, Values } from './arguments.ts'
import type { Terminal } from './terminal.ts'

/** All done; some inputs failed and the rest is done; wrong use, or nothing could be done. */
export type ExitCode = 0 | 1 | 2

export interface Command<F extends Flags = Flags> {
  /** The words after `typeclip classify`. */
  usage: string
  /** What the words stand for and what comes out, in lines of at most 100 characters. */
  about: readonly string[]
  flags: F
  examples: readonly string[]
  run(words: string[], values: Values<F>, terminal: Terminal): Promise<ExitCode>
}

/** For the flags' types: `values.top` is a number where the table says that it is a count. */
export const defineCommand = <const F extends Flags>(command: Command<F>): Command<F> => command
