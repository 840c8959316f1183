// The tokenizer with the merges that ship with typeclip, fetched from beside the bundle.

import { CheckpointError } from '../errors.ts'
import type { Merges } from './bpe.ts'
import { tokenizerLoader } from './vocabulary.ts'

// This form lets bundlers find the file and copy it.
const location = new URL('../../vocabulary/clip-merges.bin.gz', import.meta.url)

/** CLIP's tokenizer. The same options return the same instance. */
export const loadTokenizer = tokenizerLoader(fetchMerges)

async function fetchMerges(): Promise<Merges> {
  const response = await fetch(location)
  if (!response.ok) {
    throw new CheckpointError(`The tokenizer's merges at ${location}: the server answered ${response.status}`)
  }
  const file = await response.blob()
  // A server that knows the extension .gz may have let the browser unpack it already.
  const [first, second] = new Uint8Array(await file.slice(0, 2).arrayBuffer())
  const packed = first === 0x1f && second === 0x8b
  const unpacked = packed ? new Response(file.stream().pipeThrough(new DecompressionStream('gzip'))) : file
  return new Uint16Array(await unpacked.arrayBuffer())
}
