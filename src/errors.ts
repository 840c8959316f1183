// The errors that typeclip throws on purpose. Each message says what, where, what was found, what was expected and
// what to do next; a caller may show it as it is, without a stack.
//
// A message names an option in backticks, by its name in TypeScript: "choose a smaller `batch`". The command replaces
// it by the flag of the command being run.

/** Details of an error, for programs. */
export interface ErrorDetails {
  /** What was caught, where this error reports another one. */
  cause?: unknown
  /** The option that would have to change, by its name in TypeScript. */
  option?: string | undefined
  /** For programs that tell errors of one class apart. */
  code?: string | undefined
}

/** What every error below is. */
export class TypeclipError extends Error {
  override name = 'TypeclipError'
  declare readonly option?: string
  declare readonly code?: string

  constructor(message: string, { cause, option, code }: ErrorDetails = {}) {
    super(message, cause === undefined ? {} : { cause })
    if (option !== undefined) this.option = option
    if (code !== undefined) this.code = code
  }
}

/** Shapes that do not fit, found while a graph is built. */
export class ShapeError extends TypeclipError {
  override name = 'ShapeError'
}

/** A checkpoint, or a file of its folder, that cannot be read or does not hold what it should. */
export class CheckpointError extends TypeclipError {
  override name = 'CheckpointError'
}

/** A call or a command that asks for something that does not exist or does not go together. */
export class UsageError extends TypeclipError {
  override name = 'UsageError'
}

/** One input (an image, a text) that cannot be used; the other inputs of the same call are unaffected. */
export class InputError extends TypeclipError {
  override name = 'InputError'
  /** The input's position among those of the call, from 0. */
  declare index?: number
  /** The input in a few words: its path or address, the start of a text, `1,024 bytes`. */
  declare input?: string
}

/** A training run that cannot continue; its last checkpoint is unharmed. */
export class TrainingError extends TypeclipError {
  override name = 'TrainingError'
}

/** A caller's text as a message shows it: the start of one that is very long, such as an image in base64. */
export const excerpt = (text: string, longest = 256): string =>
  text.length <= longest ? text : `${text.slice(0, Math.min(80, longest))}… (${text.length} characters)`

/** Levenshtein's distance, for "did you mean …?": letters to insert, delete or replace until one text is the other. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)))
    }
    row = next
  }
  return row[b.length]!
}
