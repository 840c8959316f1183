// Reads one tensor out of its file; only its own bytes are read.

import { dtypeBytes } from '../graph/dtype.ts'
import { readRange } from './byte-source.ts'
import { type Bytes, decode, type Elements } from './bytes.ts'
import type { StoredTensor } from './checkpoint.ts'
import { withFile } from './file.node.ts'

/** The tensor's elements, row-major: real numbers of every width as float32, integers as their own type. */
export async function readTensor(tensor: StoredTensor): Promise<Elements> {
  return decode(await readTensorBytes(tensor), tensor.dtype)
}

/** The tensor's bytes as stored, row-major. */
export function readTensorBytes(tensor: StoredTensor): Promise<Bytes> {
  return withFile(tensor.file, async (source) => {
    const bytes = await readRange(source, tensor.offset, tensor.length, 'a tensor')
    return tensor.strides ? gather(bytes, tensor.shape, tensor.strides, dtypeBytes(tensor.dtype)) : bytes
  })
}

/** Copies strided elements into row-major order. */
function gather(from: Uint8Array, shape: number[], strides: number[], itemBytes: number): Bytes {
  const count = shape.reduce((product, dim) => product * dim, 1)
  const out = new Uint8Array(count * itemBytes)
  const index = shape.map(() => 0)
  let at = 0
  for (let i = 0; i < count; i++) {
    const start = at * itemBytes
    for (let b = 0; b < itemBytes; b++) out[i * itemBytes + b] = from[start + b]!
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis]!
      if (++index[axis]! < shape[axis]!) break
      at -= strides[axis]! * shape[axis]!
      index[axis] = 0
    }
  }
  return out
}
