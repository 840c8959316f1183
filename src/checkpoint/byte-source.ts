// A file with random access: the only thing that the format readers need from a platform.

import { CheckpointError } from '../errors.ts'
import type { Bytes } from './bytes.ts'

export interface ByteSource {
  /** The real, absolute path, which the tensors of this source name as their file. */
  path: string
  size: number
  /** Exactly `length` bytes from `offset`, in a new buffer. */
  read(offset: number, length: number): Promise<Bytes>
}

/** Reads a range after checking that the file has it. Use it for every offset that comes from the file itself. */
export async function readRange(source: ByteSource, offset: number, length: number, what: string): Promise<Bytes> {
  if (!inside(offset, length, source.size)) {
    throw new CheckpointError(
      `${source.path}: ${what} should be at bytes ${offset} to ${offset + length}, but the file has ${source.size}; it is cut short or damaged, fetch it again`,
    )
  }
  return source.read(offset, length)
}

export const inside = (offset: number, length: number, size: number): boolean =>
  Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0 && offset + length <= size
