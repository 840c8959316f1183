// The first frame of a GIF as Pillow's GifImagePlugin holds it. sharp clears transparent pixels; Pillow keeps the
// palette's colour there, and CLIP sees that colour.
import { InputError } from '../../errors.ts'
import type { Pixels } from '../pixels.ts'
import { lzw } from './lzw.ts'

interface Frame {
  left: number
  top: number
  width: number
  height: number
  interlaced: boolean
  /** Where the compressed data begins, with its byte of code size. */
  data: number
}

/** Calls `check` with the size before it allocates memory. */
export function decodeGif(bytes: Uint8Array, name: string, check: (width: number, height: number) => void): Pixels {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  try {
    const { frame, palette, transparent } = readHeader(view, bytes)
    const width = Math.max(view.getUint16(6, true), frame.left + frame.width)
    const height = Math.max(view.getUint16(8, true), frame.top + frame.height)
    check(width, height)
    const indices = new Uint8Array(width * height).fill(transparent ?? 0)
    const frameIndices = lzw(bytes, frame.data, frame.width * frame.height)
    const rows = frame.interlaced ? interlacedRows(frame.height) : undefined
    for (let y = 0; y < frame.height; y++) {
      const row = frameIndices.subarray(y * frame.width, (y + 1) * frame.width)
      indices.set(row, (frame.top + (rows?.[y] ?? y)) * width + frame.left)
    }
    return colored(indices, { width, height, palette, transparent })
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new InputError(`${name}: the GIF is cut short or damaged (${error.message})`, { cause: error })
  }
}

interface Palette {
  palette: Uint8Array | undefined
  transparent: number | undefined
}

function readHeader(view: DataView, bytes: Uint8Array): Palette & { frame: Frame } {
  const paletteAt = (at: number, flags: number) => unlessGray(bytes.subarray(at, at + (6 << (flags & 7))))
  let at = 13
  let palette: Uint8Array | undefined
  let transparent: number | undefined
  const flags = view.getUint8(10)
  if (flags & 0x80) {
    palette = paletteAt(at, flags)
    at += 6 << (flags & 7)
  }
  for (;;) {
    const kind = view.getUint8(at++)
    if (kind === 0x21) {
      if (view.getUint8(at) === 0xf9 && view.getUint8(at + 1) >= 4 && view.getUint8(at + 2) & 1)
        transparent = view.getUint8(at + 5)
      at++
      while (view.getUint8(at) !== 0) at += view.getUint8(at) + 1
      at++
    } else if (kind === 0x2c) {
      const local = view.getUint8(at + 8)
      if (local & 0x80) palette = paletteAt(at + 9, local)
      const frame = {
        left: view.getUint16(at, true),
        top: view.getUint16(at + 2, true),
        width: view.getUint16(at + 4, true),
        height: view.getUint16(at + 6, true),
        interlaced: (local & 0x40) !== 0,
        data: at + 9 + (local & 0x80 ? 6 << (local & 7) : 0),
      }
      return { frame, palette, transparent }
    } else if (kind === 0x3b) {
      throw new RangeError('it has no image')
    }
  }
}

/** Whether a palette maps every index to the same gray: Pillow then opens the image as `L`. */
function unlessGray(palette: Uint8Array): Uint8Array | undefined {
  return palette.every((value, i) => value === Math.floor(i / 3)) ? undefined : palette
}

/** The image row of each stored row of an interlaced frame. */
function interlacedRows(height: number): number[] {
  const rows: number[] = []
  for (const [start, step] of [
    [0, 8],
    [4, 8],
    [2, 4],
    [1, 2],
  ] as const) {
    for (let y = start; y < height; y += step) rows.push(y)
  }
  return rows
}

function colored(
  indices: Uint8Array,
  { width, height, palette, transparent }: Palette & { width: number; height: number },
): Pixels {
  const opacity =
    transparent === undefined ? {} : { opacity: indices.map((index) => (index === transparent ? 0 : 255)) }
  if (!palette) return { mode: 'L', width, height, data: indices, ...opacity }
  const colors = Uint8Array.from({ length: 768 }, (_, i) => palette[i] ?? 0) // an index past its end is black
  const data = new Uint8Array(indices.length * 3)
  for (let i = 0; i < indices.length; i++) {
    const color = indices[i]! * 3
    data[i * 3] = colors[color]!
    data[i * 3 + 1] = colors[color + 1]!
    data[i * 3 + 2] = colors[color + 2]!
  }
  return { mode: 'P', width, height, data, palette, ...opacity }
}
