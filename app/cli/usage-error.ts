// The command was used wrongly: the message is shown as it is, and the exit code is 2.

/** Told by its name, as the library's errors are, so that they are told without loading the library. */
export class UsageError extends Error {
  override name = 'UsageError'
}
