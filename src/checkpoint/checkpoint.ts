// An opened checkpoint: tensor names, and where the bytes of each tensor are. The weights stay in the user's file.

import type { DType } from '../graph/dtype.ts'

/** Where a tensor's raw little-endian bytes are. */
export interface StoredTensor {
  dtype: DType
  shape: number[]
  /** The real, absolute path of the file. */
  file: string
  offset: number
  /** Bytes from the first element to the end of the last one. */
  length: number
  /** Distance between neighbours along each axis, in elements; absent for row-major order without gaps, the usual case.
   * A tensor with strides cannot be used in place; read it with `readTensor`. */
  strides?: number[]
}

/** A checkpoint under its own names, before naming is resolved. */
export interface Checkpoint {
  tensors: Map<string, StoredTensor>
  format: 'safetensors' | 'torch' | 'torchscript'
  /** The real, absolute paths of the files that hold it. */
  files: string[]
  metadata: Record<string, string>
}
