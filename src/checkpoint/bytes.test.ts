import { describe, expect, it } from 'vitest'
import { decode, float16ToFloat32, float32ToBfloat16, float32ToFloat16 } from './bytes.ts'

describe('float16', () => {
  it('survives a round trip, for every bit pattern of a number', () => {
    const bits = Uint16Array.from({ length: 0x10000 }, (_, i) => i)
    const values = float16ToFloat32(bits)
    const back = float32ToFloat16(values)
    const wrong = bits.filter((bit, i) => back[i] !== bit && !Number.isNaN(values[i]!))
    expect(wrong).toHaveLength(0)
    expect(values.filter(Number.isNaN)).toHaveLength(2 * 1023)
  })

  it('rounds to the nearest, ties to even', () => {
    const one = 2 ** -11
    const cases: [number, number][] = [
      [1 + one, 1],
      [1 + 3 * one, 1 + 4 * one],
      [1 + one * 1.001, 1 + 2 * one],
      [65504, 65504],
      [65519.996, 65504],
      [65520, Number.POSITIVE_INFINITY],
      [2 ** -25, 0],
      [2 ** -25 * 1.0001, 2 ** -24],
      [2 ** -24 * 1.5, 2 ** -23],
      [2 ** -14 - 2 ** -26, 2 ** -14],
      [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY],
      [Number.NaN, Number.NaN],
    ]
    const got = float16ToFloat32(float32ToFloat16(Float32Array.from(cases, ([value]) => value)))
    expect([...got]).toEqual(cases.map(([, rounded]) => rounded))
  })
})

it('rounds bfloat16 to the nearest, ties to even, and keeps NaN', () => {
  const bits = float32ToBfloat16(Float32Array.of(1, 1 + 2 ** -8, 1 + 3 * 2 ** -8, 3.4e38, Number.NaN, -0))
  expect([...bits]).toEqual([0x3f80, 0x3f80, 0x3f82, 0x7f80, 0x7fc0, 0x8000])
})

it('decodes float8, float64 and integers', () => {
  expect([...decode(Uint8Array.of(0x38, 0x7e, 0x01, 0xb8), 'float8_e4m3fn')]).toEqual([1, 448, 2 ** -9, -1])
  expect([...decode(Uint8Array.of(0x3c, 0x7b, 0x01, 0x7c), 'float8_e5m2')]).toEqual([1, 57344, 2 ** -16, Infinity])
  expect([...decode(new Uint8Array(Float64Array.of(0.5, -3).buffer), 'float64')]).toEqual([0.5, -3])
  expect([...decode(Uint8Array.of(0xff, 0xff), 'int16')]).toEqual([-1])
  // At an address that no 16-bit word can have.
  expect([...decode(Uint8Array.of(9, 1, 0).subarray(1), 'uint16')]).toEqual([1])
})
