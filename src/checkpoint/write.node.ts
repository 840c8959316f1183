// Writes safetensors files.

import { writeInPieces } from '../files/atomic.node.ts'
import { dtypeBytes } from '../graph/dtype.ts'
import type { Bytes } from './bytes.ts'
import { safetensorsHeader, type TensorHeader } from './safetensors.ts'

/** A tensor whose bytes are made when it is written, so that only one is in memory. */
export interface TensorToWrite extends TensorHeader {
  bytes(): Promise<Bytes>
}

/** An array as a tensor. */
export const arrayTensor = (values: Float32Array | Int32Array, shape: readonly number[]): TensorToWrite => ({
  dtype: values instanceof Int32Array ? 'int32' : 'float32',
  shape: [...shape],
  bytes: async () => new Uint8Array(values.slice().buffer),
})

/**
 * Writes a safetensors file.
 *
 * @throws UsageError if `path` exists and `overwrite` is not set
 */
export function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, TensorToWrite>,
  { metadata = {}, overwrite = false }: { metadata?: Record<string, string>; overwrite?: boolean } = {},
): Promise<void> {
  // The widest types first, so that every tensor is aligned.
  const ordered = new Map([...tensors].sort(([, a], [, b]) => dtypeBytes(b.dtype) - dtypeBytes(a.dtype)))
  async function* pieces() {
    yield safetensorsHeader(ordered, metadata)
    for (const tensor of ordered.values()) yield await tensor.bytes()
  }
  return writeInPieces(path, overwrite, pieces())
}
