// What a downloaded file must be: its size and its digest, as the hub or OpenAI publish them.

import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'

export interface Checksum {
  /** `git`: SHA-1 as git takes it of small files, with their size before them. */
  kind: 'sha256' | 'git'
  hex: string
}

/** A running digest; git's begins with the size, so it must be known. */
export function digestOf({ kind }: Checksum, size: number | undefined): Hash {
  return kind === 'sha256' ? createHash('sha256') : createHash('sha1').update(`blob ${size}\0`)
}

/** Puts what a file already holds into a digest. */
export async function digestFile(hash: Hash, path: string): Promise<void> {
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk)
}
