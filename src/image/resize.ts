// Resizes an image of any mode and converts it to RGB, in the two orders that the references use.
import type { Interpolation } from './bicubic.ts'
import { overWhite, premultiply, toRgb, unpremultiply } from './convert.ts'
import type { Axis } from './geometry.ts'
import { nearest } from './nearest.ts'
import { bytesOf, channelsOf, type Mode, type Pixels, paletteColor, pixelIndex } from './pixels.ts'
import { type RowReader, resample } from './resample.ts'
import { resample16 } from './resample16.ts'

/** The cropped part of the resized image in RGB, rows of `horizontal.count` pixels. */
type ResizeToRgb = (image: Pixels, horizontal: Axis, vertical: Axis, interpolation: Interpolation) => Uint8Array

/** How Pillow resizes each mode. Modes that are not listed are filtered channel by channel. */
const resizing: Partial<Record<Mode, 'nearest' | 'premultiplied' | 'sixteen'>> = {
  '1': 'nearest',
  P: 'nearest',
  LA: 'premultiplied',
  RGBA: 'premultiplied',
  'I;16': 'sixteen',
  'I;16B': 'sixteen', // Pillow 13 reads its bytes in the wrong order here, so we do too
}

export const resizeToRgb: Record<'openai' | 'hf', ResizeToRgb> = {
  /** OpenAI and open_clip: Pillow's resize in the image's own mode, then `convert('RGB')`. */
  openai(image, horizontal, vertical, interpolation) {
    const { data, mode } = image
    const unchanged = horizontal.from === horizontal.to && vertical.from === vertical.to
    const kind = unchanged ? 'nearest' : resizing[mode]
    if (kind === 'nearest') return pick(image, nearest(horizontal), nearest(vertical))
    const rgb = new Uint8Array(vertical.count * horizontal.count * 3)
    if (kind === 'sixteen') {
      toRgb[mode](resample16(data, horizontal, vertical, interpolation), rgb, rgb.length / 3)
      return rgb
    }
    const channels = channelsOf[mode]
    const read: RowReader = (y, first, into) => {
      const begin = pixelIndex(image, first, y) * channels
      into.set(data.subarray(begin, begin + into.length))
      if (kind === 'premultiplied') premultiply(into, channels)
    }
    const resized = resample(read, { channels, horizontal, vertical, interpolation })
    if (kind === 'premultiplied') unpremultiply(resized, channels)
    toRgb[mode](resized, rgb, rgb.length / 3)
    return rgb
  },

  /** Hugging Face: RGB with transparency blended over white, then Pillow's resize. */
  hf(image, horizontal, vertical, interpolation) {
    const { data, mode, opacity } = image
    const bytes = bytesOf(mode)
    const alphaAt = mode === 'LA' ? 1 : mode === 'RGBA' ? 3 : undefined
    const read: RowReader = (y, first, into) => {
      const pixels = into.length / 3
      const begin = pixelIndex(image, first, y)
      const row = data.subarray(begin * bytes, (begin + pixels) * bytes)
      toRgb[mode](row, into, pixels)
      if (alphaAt !== undefined) overWhite(into, pixels, (x) => row[x * bytes + alphaAt]!)
      else if (opacity) overWhite(into, pixels, (x) => opacity[begin + x]!)
    }
    return resample(read, { channels: 3, horizontal, vertical, interpolation })
  },
}

/** Single pixels of the image, in RGB; palette index 0 outside it. */
function pick(image: Pixels, columns: Int32Array, rows: Int32Array): Uint8Array {
  const { data, mode } = image
  const bytes = bytesOf(mode)
  const outside = paletteColor(image, 0)
  const result = new Uint8Array(rows.length * columns.length * 3)
  let o = 0
  for (const y of rows) {
    for (const x of columns) {
      const at = pixelIndex(image, x, y) * bytes
      if (x < 0 || y < 0) result.set(outside, o)
      else toRgb[mode](data.subarray(at, at + bytes), result.subarray(o, o + 3), 1)
      o += 3
    }
  }
  return result
}
