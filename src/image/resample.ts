// Pillow's `Image.resize` for 8-bit channels, bit for bit: one direction first, to bytes, then the other. Only the
// cropped pixels are computed, and the source is read row by row.
import { type Coefficients, coefficients, type Interpolation, quantize } from './bicubic.ts'
import { type Axis, downFirst } from './geometry.ts'
import { withKernel } from './resample-kernel.ts'

/** Writes the pixels of source row `y` from column `first` on into `into`, which holds whole pixels. */
export type RowReader = (y: number, first: number, into: Uint8Array) => void

export interface Resize {
  channels: 1 | 2 | 3 | 4
  horizontal: Axis
  vertical: Axis
  interpolation: Interpolation
}

/** The pixels of the result: `vertical.count` rows of `horizontal.count`, channels interleaved. */
export function resample(read: RowReader, { channels, horizontal, vertical, interpolation }: Resize): Uint8Array {
  const across = coefficients(horizontal, interpolation)
  const down = coefficients(vertical, interpolation)
  const columns = horizontal.count
  const firstColumn = across.first[0]!
  const wideBytes = (end(across, columns - 1) - firstColumn) * channels
  const narrowBytes = columns * channels
  const columnsFirst = downFirst(horizontal, vertical)
  const sumBytes = roundUp4(columnsFirst ? wideBytes : narrowBytes)
  const sumRows = maxOpen(down)

  // The kernel's memory, each part aligned to 16 bytes with room for the vector that reaches past its end.
  let size = 0
  const part = (bytes: number) => {
    const at = size
    size = Math.ceil((size + bytes + 16) / 16) * 16
    return at
  }
  const pairsAt = part(32)
  const boundsAt = part(columns * 8)
  const wideAt = part(wideBytes)
  const narrowAt = part(roundUp4(narrowBytes))
  const sumsAt = part(sumRows * sumBytes * 4)
  const tapsAt = part(groups(across, columns) * 16)

  return withKernel(size, (kernel) => {
    const memory = new Uint8Array(kernel.memory.buffer)
    memory.set(channelPairs(channels), pairsAt)
    storeTaps(kernel.memory.buffer, across, { boundsAt, tapsAt, wideAt, channels, firstColumn })
    memory.fill(0, sumsAt, sumsAt + sumRows * sumBytes * 4)
    const wide = memory.subarray(wideAt, wideAt + wideBytes)
    const narrow = memory.subarray(narrowAt, narrowAt + narrowBytes)
    const filterRow = () => kernel.row(boundsAt, tapsAt, narrowAt, columns, channels, pairsAt)
    const result = new Uint8Array(vertical.count * narrowBytes)

    // Output rows [oldest, newest) are in progress: some of their source rows have been added to their sums.
    let oldest = 0
    let newest = 0
    for (let y = down.first[0]!; oldest < vertical.count; y++) {
      read(y, firstColumn, wide)
      if (!columnsFirst) filterRow()
      while (newest < vertical.count && down.first[newest]! <= y) newest++
      for (let o = oldest; o < newest; o++) {
        const weight = quantize(down.weights[down.offsets[o]! + y - down.first[o]!]!)
        kernel.add(columnsFirst ? wideAt : narrowAt, sumsAt + (o % sumRows) * sumBytes * 4, sumBytes, weight)
      }
      for (; oldest < newest && end(down, oldest) === y + 1; oldest++) {
        const sums = sumsAt + (oldest % sumRows) * sumBytes * 4
        kernel.finish(sums, columnsFirst ? wideAt : narrowAt, sumBytes)
        memory.fill(0, sums, sums + sumBytes * 4)
        if (columnsFirst) filterRow()
        result.set(narrow, oldest * narrowBytes)
      }
    }
    return result
  })
}

/** The largest number of outputs that depend on one source row. */
function maxOpen(axis: Coefficients): number {
  let max = 1
  for (let o = 0, oldest = 0; o < axis.first.length; o++) {
    while (end(axis, oldest) <= axis.first[o]!) oldest++
    max = Math.max(max, o - oldest + 1)
  }
  return max
}

/** One past the last input of output `i`. */
function end(axis: Coefficients, i: number): number {
  return axis.first[i]! + axis.offsets[i + 1]! - axis.offsets[i]!
}

function roundUp4(n: number): number {
  return (n + 3) & ~3
}

/** How many groups of four taps the kernel needs for all outputs. */
function groups({ offsets }: Coefficients, count: number): number {
  let sum = 0
  for (let i = 0; i < count; i++) sum += roundUp4(offsets[i + 1]! - offsets[i]!) / 4
  return sum
}

/** For the kernel: where, in sixteen source bytes, a channel's taps 0 1 and 2 3 are, as 16-bit pairs (255: nothing). */
function channelPairs(channels: number): Uint8Array {
  const pairs = new Uint8Array(32).fill(255)
  for (let c = 0; c < channels; c++) {
    for (let tap = 0; tap < 4; tap++) pairs[(tap >> 1) * 16 + c * 4 + (tap & 1) * 2] = tap * channels + c
  }
  return pairs
}

/** Writes the bounds and the taps as resample.wat describes them. */
function storeTaps(
  buffer: ArrayBuffer,
  { first, offsets, weights }: Coefficients,
  at: { boundsAt: number; tapsAt: number; wideAt: number; channels: number; firstColumn: number },
): void {
  const bounds = new Int32Array(buffer, at.boundsAt, first.length * 2)
  const taps = new Int16Array(buffer, at.tapsAt)
  let group = 0
  for (let i = 0; i < first.length; i++) {
    bounds[i * 2] = at.wideAt + (first[i]! - at.firstColumn) * at.channels
    const begin = offsets[i]!
    const count = offsets[i + 1]! - begin
    const used = roundUp4(count)
    for (let k = 0; k < used; k++) {
      const tap = k < count ? quantize(weights[begin + k]!) : 0
      const o = (group + (k >> 2)) * 8 + (k & 3)
      taps[o] = tap >> 14
      taps[o + 4] = tap & 0x3fff
    }
    bounds[i * 2 + 1] = used / 4
    group += used / 4
  }
}
