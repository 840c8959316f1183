// A command: its table of flags, its help, and a function that returns the exit code.

import type { Flags, Values } from './arguments.ts'
import type { Terminal } from './terminal.ts'

/** 0: all done; 1: some inputs failed, the rest is done; 2: wrong use, or nothing could be done. */
export type ExitCode = 0 | 1 | 2

export interface Command<F extends Flags = Flags> {
  /** The words after `typeclip classify`. */
  usage: string
  /** What the words mean and what the command writes, in lines of at most 120 characters. */
  about: readonly string[]
  flags: F
  examples: readonly string[]
  run(words: string[], values: Values<F>, terminal: Terminal): Promise<ExitCode>
}

/** Infers the types of the values: a `count` is a number. */
export const defineCommand = <const F extends Flags>(command: Command<F>): Command<F> => command
