// Joins and splits tensors for layouts that differ, on bytes of any type, so that nothing is rounded.

import { type Bytes, decode, float32ToBfloat16, float32ToFloat16 } from '../checkpoint/bytes.ts'
import { CheckpointError } from '../errors.ts'
import { type DType, dtypeBytes, isFloat } from '../graph/dtype.ts'
import type { Source } from './tensor-names.ts'

/** One way in which the layouts differ, in both directions. */
interface Composition {
  /** The shape of the joined tensor. @throws CheckpointError if the parts do not fit */
  shape(parts: number[][], name: string): number[]
  bytes(parts: Bytes[], shape: number[], itemBytes: number): Bytes
  /** The shape of each of `count` parts. */
  partShape(shape: number[], count: number, name: string): number[]
  part(bytes: Bytes, shape: number[], index: number, count: number, itemBytes: number): Bytes
}

const same: Composition = {
  shape: ([shape]) => shape!,
  bytes: ([bytes]) => bytes!,
  partShape: (shape) => shape,
  part: (bytes) => bytes,
}

export const compositions: Record<Source['how'], Composition> = {
  same,
  reshape: { ...same, shape: () => [], partShape: () => [] },
  transpose: {
    shape: ([shape], name) => turned(shape!, name),
    bytes: ([bytes], [rows, columns], itemBytes) => transpose(bytes!, columns!, rows!, itemBytes),
    partShape: (shape, _, name) => turned(shape, name),
    part: (bytes, [rows, columns], _, __, itemBytes) => transpose(bytes, rows!, columns!, itemBytes),
  },
  concat: {
    shape(parts, name) {
      const [, ...rest] = parts[0]!
      if (parts.every((part) => part.length > 0 && `${part.slice(1)}` === `${rest}`)) {
        return [parts.reduce((rows, part) => rows + part[0]!, 0), ...rest]
      }
      throw new CheckpointError(`the parts of '${name}' do not fit together: [${parts.join('], [')}]`)
    },
    bytes(parts) {
      const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
      let at = 0
      for (const part of parts) {
        all.set(part, at)
        at += part.length
      }
      return all
    },
    partShape([rows, ...rest], count, name) {
      if (rows !== undefined && rows % count === 0) return [rows / count, ...rest]
      throw new CheckpointError(`'${name}' has ${rows ?? 'no'} rows; expected ${count} parts of equal height`)
    },
    part(bytes, _, index, count) {
      const length = bytes.length / count
      return bytes.slice(index * length, (index + 1) * length)
    },
  },
}

function turned(shape: number[], name: string): number[] {
  if (shape.length !== 2) throw new CheckpointError(`'${name}' has shape [${shape}]; expected a matrix`)
  return [shape[1]!, shape[0]!]
}

function transpose(from: Bytes, rows: number, columns: number, itemBytes: number): Bytes {
  const to = new Uint8Array(from.length)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const source = (row * columns + column) * itemBytes
      const target = (column * rows + row) * itemBytes
      for (let i = 0; i < itemBytes; i++) to[target + i] = from[source + i]!
    }
  }
  return to
}

/** A type that `convert` can write weights in. */
export type FloatType = 'float32' | 'float16' | 'bfloat16'

/** The type that `dtype` is written as: real numbers in the requested width, integers unchanged. */
export const castType = (dtype: DType, to: FloatType | undefined): DType => (to && isFloat(dtype) ? to : dtype)

export function cast(bytes: Bytes, from: DType, to: DType): Bytes {
  if (from === to) return bytes
  const values = decode(bytes, from) as Float32Array
  const words = to === 'float16' ? float32ToFloat16(values) : to === 'bfloat16' ? float32ToBfloat16(values) : values
  return new Uint8Array(words.buffer as ArrayBuffer, words.byteOffset, words.byteLength)
}

/** Bytes that a tensor takes. */
export const byteLength = ({ dtype, shape }: { dtype: DType; shape: number[] }): number =>
  shape.reduce((product, dim) => product * dim, dtypeBytes(dtype))
