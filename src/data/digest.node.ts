// A data set's identity: a hash of its samples' names, captions and classes, wherever it is stored.

import { createHash } from 'node:crypto'

/** @param parts the identifying parts of each sample, in the natural order */
export async function digestOf(parts: Iterable<unknown> | AsyncIterable<unknown>): Promise<string> {
  const hash = createHash('sha256')
  for await (const part of parts) hash.update(`${JSON.stringify(part)}\n`)
  return hash.digest('hex').slice(0, 32)
}
