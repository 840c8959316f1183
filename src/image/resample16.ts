// Pillow's resize of 16-bit gray (Resample.c, 16bpc): double precision, rounded to 16 bits after each direction.
import { type Coefficients, coefficients, type Interpolation } from './bicubic.ts'
import { type Axis, downFirst } from './geometry.ts'

/** `data`: little-endian 16-bit pixels, `horizontal.from` a row. Returns the resized pixels in the same form. */
export function resample16(
  data: Uint8Array,
  horizontal: Axis,
  vertical: Axis,
  interpolation: Interpolation,
): Uint8Array {
  const source = Uint16Array.from({ length: data.length / 2 }, (_, i) => data[i * 2]! | (data[i * 2 + 1]! << 8))
  const across = coefficients(horizontal, interpolation)
  const down = coefficients(vertical, interpolation)
  const result = downFirst(horizontal, vertical)
    ? filterRows(filterColumns(source, horizontal.from, down), horizontal.from, across)
    : filterColumns(filterRows(source, horizontal.from, across), horizontal.count, down)
  return Uint8Array.from({ length: result.length * 2 }, (_, i) => result[i >> 1]! >> ((i & 1) * 8))
}

function filterRows(source: Uint16Array, width: number, { first, offsets, weights }: Coefficients): Uint16Array {
  const columns = first.length
  const result = new Uint16Array((source.length / width) * columns)
  for (let o = 0, row = 0; o < result.length; row += width) {
    for (let x = 0; x < columns; x++, o++) {
      const begin = row + first[x]! - offsets[x]!
      let sum = 0
      for (let k = offsets[x]!; k < offsets[x + 1]!; k++) sum += source[begin + k]! * weights[k]!
      result[o] = round16(sum)
    }
  }
  return result
}

function filterColumns(source: Uint16Array, width: number, { first, offsets, weights }: Coefficients): Uint16Array {
  const result = new Uint16Array(first.length * width)
  const sums = new Float64Array(width)
  for (let y = 0; y < first.length; y++) {
    sums.fill(0)
    for (let k = offsets[y]!; k < offsets[y + 1]!; k++) {
      const row = (first[y]! + k - offsets[y]!) * width
      for (let x = 0; x < width; x++) sums[x]! += source[row + x]! * weights[k]!
    }
    for (let x = 0; x < width; x++) result[y * width + x] = round16(sums[x]!)
  }
  return result
}

function round16(value: number): number {
  return Math.min(65535, Math.max(0, Math.trunc(value < 0 ? value - 0.5 : value + 0.5)))
}
