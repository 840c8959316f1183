// Numbers as checkpoints store them ↔ float32: float16, bfloat16, the two float8 and float64, little-endian.

import type { DType } from '../graph/dtype.ts'

/**
 * `Uint8Array<ArrayBuffer>`, written so that the declarations also pass on TypeScript before 5.7, where typed arrays have
 * no type parameter.
 */
export type Bytes = ReturnType<Uint8ArrayConstructor['of']>
type Halves = ReturnType<Uint16ArrayConstructor['of']>

/** Elements after reading: real numbers as float32, integers as their own type, booleans as 0 and 1. */
export type Elements =
  | Float32Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array

const decoders: Record<DType, (bytes: Bytes) => Elements> = {
  float32: (bytes) => new Float32Array(...words(bytes, 4)),
  float64: (bytes) => Float32Array.from(new Float64Array(...words(bytes, 8))),
  float16: (bytes) => float16ToFloat32(new Uint16Array(...words(bytes, 2))),
  bfloat16: (bytes) => bfloat16ToFloat32(new Uint16Array(...words(bytes, 2))),
  float8_e4m3fn: (bytes) => lookUp(bytes, e4m3Table()),
  float8_e5m2: (bytes) => lookUp(bytes, e5m2Table()),
  int8: (bytes) => new Int8Array(...words(bytes, 1)),
  uint8: (bytes) => new Uint8Array(...words(bytes, 1)),
  bool: (bytes) => new Uint8Array(...words(bytes, 1)),
  int16: (bytes) => new Int16Array(...words(bytes, 2)),
  uint16: (bytes) => new Uint16Array(...words(bytes, 2)),
  int32: (bytes) => new Int32Array(...words(bytes, 4)),
  uint32: (bytes) => new Uint32Array(...words(bytes, 4)),
  int64: (bytes) => new BigInt64Array(...words(bytes, 8)),
  uint64: (bytes) => new BigUint64Array(...words(bytes, 8)),
}

/** Stored bytes → numbers. Where no conversion is needed the result shares the bytes. */
export const decode = (bytes: Bytes, dtype: DType): Elements => decoders[dtype](bytes)

/** A typed array over bytes; copies them first if they are not aligned. */
function words(bytes: Bytes, size: number): [ArrayBuffer, number, number] {
  const aligned = bytes.byteOffset % size === 0 ? bytes : bytes.slice()
  return [aligned.buffer, aligned.byteOffset, aligned.byteLength / size]
}

/** The value of every bit pattern, computed on first use. */
function table(size: number, value: (bits: number) => number): () => Float32Array {
  let made: Float32Array | undefined
  return () => {
    made ??= Float32Array.from({ length: size }, (_, bits) => value(bits))
    return made
  }
}
const e4m3Table = table(0x100, e4m3)
const e5m2Table = table(0x100, (bits) => half(bits << 8))
const halfTable = table(0x10000, half)

export const float16ToFloat32 = (bits: Uint16Array): Float32Array => lookUp(bits, halfTable())

function lookUp(bits: Uint8Array | Uint16Array, values: Float32Array): Float32Array {
  const out = new Float32Array(bits.length)
  for (let i = 0; i < bits.length; i++) out[i] = values[bits[i]!]!
  return out
}

/** One float16: sign, five bits of exponent, ten of fraction. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY
  if (exponent === 0) return sign * fraction * 2 ** -24
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

/** One float8 with four bits of exponent: no infinities, and one NaN of each sign. */
function e4m3(bits: number): number {
  const sign = bits & 0x80 ? -1 : 1
  const exponent = (bits >> 3) & 0xf
  const fraction = bits & 7
  if ((bits & 0x7f) === 0x7f) return Number.NaN
  if (exponent === 0) return sign * fraction * 2 ** -9
  return sign * (1 + fraction / 8) * 2 ** (exponent - 7)
}

export function bfloat16ToFloat32(bits: Uint16Array): Float32Array {
  const out = new Uint32Array(bits.length)
  for (let i = 0; i < bits.length; i++) out[i] = bits[i]! << 16
  return new Float32Array(out.buffer)
}

/** Rounds to the nearest float16, ties to even; too large becomes infinity. */
export function float32ToFloat16(values: Float32Array): Halves {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length)
  const out = new Uint16Array(values.length)
  for (let i = 0; i < bits.length; i++) {
    const sign = (bits[i]! >>> 16) & 0x8000
    const magnitude = bits[i]! & 0x7fffffff
    out[i] = sign | (magnitude > 0x7f800000 ? 0x7e00 : halfMagnitude(magnitude))
  }
  return out
}

function halfMagnitude(magnitude: number): number {
  if (magnitude >= 0x477ff000) return 0x7c00
  // 2⁻¹⁴ and above: move the exponent's bias from 127 to 15 and round off thirteen bits.
  if (magnitude >= 0x38800000) return (magnitude - 0x38000000 + 0xfff + ((magnitude >> 13) & 1)) >> 13
  if (magnitude <= 0x33000000) return 0
  // Subnormal: the fraction with its leading one, in units of 2⁻²⁴.
  const shift = 126 - (magnitude >> 23)
  const fraction = (magnitude & 0x7fffff) | 0x800000
  const rounded = fraction + (1 << (shift - 1)) - 1 + ((fraction >> shift) & 1)
  return rounded >> shift
}

/** Rounds to the nearest bfloat16, ties to even. */
export function float32ToBfloat16(values: Float32Array): Halves {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length)
  const out = new Uint16Array(values.length)
  for (let i = 0; i < bits.length; i++) {
    const x = bits[i]!
    out[i] = (x & 0x7fffffff) > 0x7f800000 ? (x >>> 16) | 0x40 : (x + 0x7fff + ((x >>> 16) & 1)) >>> 16
  }
  return out
}
