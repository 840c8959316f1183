// A data set's identity: a hash over its samples' names, captions and classes, none of which depend on where it is stored.

import { createHash } from 'node:crypto'

/** @param parts each sample as what makes it what it is, in the natural order */
export async function digestOf(parts: Iterable<unknown> | AsyncIterable<unknown>): Promise<string> {
  const hash = createHash('sha256')
  for await (const part of parts) hash.update(`${JSON.stringify(part)}\n`)
  return hash.digest('hex').slice(0, 32)
}
