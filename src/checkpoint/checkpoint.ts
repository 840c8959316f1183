// What a checkpoint is, once opened: names, and where each tensor's bytes lie. The weights stay in the user's file.

import type { DType } from '../graph/dtype.ts'

/** Where a tensor's raw little-endian bytes lie. */
export interface StoredTensor {
  dtype: DType
  shape: number[]
  /** The real, absolute path of the file. */
  file: string
  offset: number
  /** Bytes from the first element to the end of the last one. */
  length: number
  /** Elements from one index to the next along each axis; absent where the elements lie in row-major order without
   * gaps, which is nearly always. A tensor with strides has to be read (`readTensor`), it cannot be used in place. */
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
