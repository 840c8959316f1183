// What a downloaded file must be: its size and its digest, as the hub or OpenAI publish them.

import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'

export interface Checksum {
  /** `git`: the SHA-1 that git computes for small files, with the size first. */
  kind: 'sha256' | 'git'
  hex: string
}

/** A running digest. Git hashes the size first, so the size must be known. */
export function digestOf({ kind }: Checksum, size: number | undefined): Hash {
  return kind === 'sha256' ? createHash('sha256') : createHash('sha1').update(`blob ${size}\0`)
}

/** Adds the content of a file to a digest. */
export async function digestFile(hash: Hash, path: string): Promise<void> {
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk)
}
