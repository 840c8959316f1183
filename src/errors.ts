// The errors that typeclip throws on purpose. Each message says what, where, what was found, what was expected and
// what to do next; a caller may show it as it is, without a stack.

/** Shapes that do not fit, found while a graph is built. */
export class ShapeError extends Error {
  override name = 'ShapeError'
}

/** A checkpoint, or a file of its folder, that cannot be read or does not hold what it should. */
export class CheckpointError extends Error {
  override name = 'CheckpointError'
}

/** A call or a command that asks for something that does not exist or does not go together. */
export class UsageError extends Error {
  override name = 'UsageError'
}

/** One input (an image, a text) that cannot be used; the other inputs of the same call are unaffected. */
export class InputError extends Error {
  override name = 'InputError'
  /** The input's position among those of the call, from 0. */
  declare index?: number
  /** The input in a few words: its path or address, the start of a text, `1,024 bytes`. */
  declare input?: string
}

/** A run of training that cannot go on; its last checkpoint is as it was. */
export class TrainingError extends Error {
  override name = 'TrainingError'
}

/** A caller's text as a message shows it: the start of one that is very long, such as an image in base64. */
export const excerpt = (text: string, longest = 256): string =>
  text.length <= longest ? text : `${text.slice(0, Math.min(80, longest))}… (${text.length} characters)`
