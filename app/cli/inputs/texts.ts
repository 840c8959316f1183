// The texts of a command: first those of the command line, then those of a file.

import type { Terminal } from '../shell/terminal.ts'
import { readLines } from './lines.ts'

export interface NamedText {
  text: string
  /** Its name in an error: the text itself, or its line in a file. */
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
