// The texts of a command: those given as words, then those of a file.

import type { Terminal } from '../shell/terminal.ts'
import { readLines } from './lines.ts'

export interface NamedText {
  text: string
  /** What to call it where it cannot be used: itself, or its place in a file. */
  name: string
}

export async function* namedTexts(
  words: readonly string[],
  file: string | undefined,
  terminal: Terminal,
): AsyncGenerator<NamedText> {
  for (const text of words) yield { text, name: JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}…` : text) }
  if (file === undefined) return
  for await (const { text, number } of readLines(file, terminal)) yield { text, name: `${file}, line ${number}` }
}
