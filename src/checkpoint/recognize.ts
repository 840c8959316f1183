// Recognises a file by its first bytes: names can be wrong, and a failed download is often a page of text.

import { CheckpointError } from '../errors.ts'
import { looksLikeSafetensors } from './safetensors.ts'

export type Content = 'safetensors' | 'torch archive' | 'pickle' | 'json'

/** Files that are often mistaken for a checkpoint, and what to do. */
const mistaken: [beginsWith: string | RegExp, what: string][] = [
  ['version https://git-lfs', 'is a pointer of Git LFS, not the weights; run `git lfs pull` where it came from'],
  [/^\s*<(!doctype|html|\?xml)/i, 'is a web page, not a checkpoint; the download went wrong, fetch it again'],
  ['\x1f\x8b', 'is compressed with gzip; unpack it first'],
  ['GGUF', 'is a GGUF file; typeclip reads safetensors and PyTorch checkpoints'],
  ['\x89HDF', 'is an HDF5 file; typeclip reads safetensors and PyTorch checkpoints'],
  ['\x93NUMPY', 'is a NumPy array; typeclip reads safetensors and PyTorch checkpoints'],
]

/** @param start the first bytes of the file, a few hundred at most */
export function recognize(start: Uint8Array, path: string): Content {
  if (start.length === 0) throw new CheckpointError(`${path}: is empty; fetch it again`)
  const text = String.fromCharCode(...start)
  for (const [beginsWith, what] of mistaken) {
    if (typeof beginsWith === 'string' ? text.startsWith(beginsWith) : beginsWith.test(text))
      throw new CheckpointError(`${path}: ${what}`)
  }
  if (looksLikeSafetensors(start)) return 'safetensors'
  if (text.startsWith('PK\x03\x04')) return 'torch archive'
  if (text.startsWith('\x80')) return 'pickle'
  if (/^\s*\{/.test(text)) return 'json'
  throw new CheckpointError(
    `${path}: is neither safetensors nor a PyTorch checkpoint nor an index of shards (it begins with ${hex(start)})`,
  )
}

const hex = (bytes: Uint8Array): string =>
  Array.from(bytes.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join(' ')
