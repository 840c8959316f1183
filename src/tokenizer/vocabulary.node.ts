// The tokenizer with the merges that ship with typeclip, read from its own folder.

import { readFile } from 'node:fs/promises'
import { gunzipSync } from 'node:zlib'
import { ownFile, requireOwnFile } from '../files/own-files.node.ts'
import { tokenizerLoader } from './vocabulary.ts'

// The same from src/tokenizer and from dist/tokenizer.
const location = ownFile('../../vocabulary/clip-merges.bin.gz', import.meta.url)

/** The merges that ship, as pairs of ids. */
export async function readMerges(): Promise<Uint16Array> {
  requireOwnFile(location)
  const bytes = gunzipSync(await readFile(location))
  // A copy, because a Buffer may start at an odd offset.
  return new Uint16Array(new Uint8Array(bytes).buffer)
}

/** CLIP's tokenizer. The same options return the same instance. */
export const loadTokenizer = tokenizerLoader(readMerges)
