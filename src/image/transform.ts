// Preprocessing as OpenAI's CLIP (`clip._transform`), open_clip (`image_transform`) and Hugging Face
// (`CLIPImageProcessorPil`) do it, byte for byte: a picture of any mode and size to a square of RGB.
import type { Interpolation } from './coefficients.ts'
import { overWhite, premultiply, toRgb, unpremultiply } from './convert.ts'
import { type Axis, cropOffset, resizedSize } from './geometry.ts'
import { nearest } from './nearest.ts'
import { channelsOf, type Mode, type Pixels } from './pixels.ts'
import { type RowReader, resample } from './resample.ts'
import { resample16 } from './resample16.ts'

type Triple = readonly [number, number, number]

export interface Preprocessing {
  /** Side of the square that the model takes. */
  size: number
  /** `openai`: resize, crop, then RGB. `hf`: RGB first (transparency over white), then resize and crop. */
  order: 'openai' | 'hf'
  /** What the resize keeps: the shorter side becomes `size` and the rest is cropped; the longer side, and the rest is padded; or both. */
  mode: 'shortest' | 'longest' | 'squash'
  interpolation: Interpolation
  mean: Triple
  std: Triple
  /** Padding colour in `longest` (open_clip's `fill_color`), 0…255 for every channel; 0 unless told. */
  fill?: number
  /** The side to resize to before `size` is cropped from it (Hugging Face's `size` beside `crop_size`); `size` unless told. */
  resize?: number | 'none'
  /** Hugging Face's `rescale_factor`; 1/255 unless told. */
  rescale?: number
}

/** What happens to a picture of one mode while it is resized; `RGB` if nothing is said. */
const resizing: Partial<Record<Mode, 'nearest' | 'premultiplied' | 'sixteen'>> = {
  '1': 'nearest',
  P: 'nearest',
  LA: 'premultiplied',
  RGBA: 'premultiplied',
  'I;16': 'sixteen',
}

/** The picture as the model takes it, before normalising: `[3, size, size]` bytes, plane after plane. */
export function preprocess(image: Pixels, how: Preprocessing): Uint8Array {
  const { size } = how
  const [width, height] =
    how.resize === 'none'
      ? [image.width, image.height]
      : resizedSize[how.mode](image.width, image.height, how.resize ?? size)
  const horizontal = cut(image.width, width, how)
  const vertical = cut(image.height, height, how)
  const visible =
    how.order === 'hf'
      ? rgbThenResize(image, horizontal, vertical, how)
      : resizeThenRgb(image, horizontal, vertical, how)

  const result = new Uint8Array(3 * size * size)
  const background = paddingColor(image, how)
  for (let c = 0; c < 3; c++) {
    const plane = result.subarray(c * size * size, (c + 1) * size * size)
    if (background[c] !== 0) plane.fill(background[c]!)
    for (let y = 0; y < vertical.count; y++) {
      let o = (y + vertical.padding) * size + horizontal.padding
      for (let x = 0, i = y * horizontal.count * 3 + c; x < horizontal.count; x++, i += 3) plane[o++] = visible[i]!
    }
  }
  return result
}

/** One axis of the resize, restricted to what the crop keeps, and how much padding comes before it. */
function cut(from: number, to: number, { order, size }: Preprocessing): Axis & { padding: number } {
  const offset = cropOffset[order](to, size)
  const start = Math.max(0, offset)
  return { from, to, start, count: Math.min(to, offset + size) - start, padding: start - offset }
}

/** Hugging Face: `convert_to_rgb`, then Pillow's resize of RGB. */
function rgbThenResize(image: Pixels, horizontal: Axis, vertical: Axis, { interpolation }: Preprocessing): Uint8Array {
  return resample(rgbRows(image), { channels: 3, horizontal, vertical, interpolation })
}

/** The picture's rows in RGB, with what is transparent blended over white. */
function rgbRows(image: Pixels): RowReader {
  const { width, data, opacity } = image
  const bytes = bytesPerPixel(image)
  const convert = toRgb[image.mode]
  const alphaAt = image.mode === 'LA' ? 1 : image.mode === 'RGBA' ? 3 : undefined
  return (y, first, into) => {
    const pixels = into.length / 3
    const begin = y * width + first
    const row = data.subarray(begin * bytes, (begin + pixels) * bytes)
    convert(row, into, pixels)
    if (alphaAt !== undefined) overWhite(into, pixels, (x) => row[x * bytes + alphaAt]!)
    else if (opacity) overWhite(into, pixels, (x) => opacity[begin + x]!)
  }
}

/** OpenAI and open_clip: Pillow's resize in the picture's own mode, then `convert('RGB')`. */
function resizeThenRgb(image: Pixels, horizontal: Axis, vertical: Axis, { interpolation }: Preprocessing): Uint8Array {
  const { width, data, mode } = image
  const unchanged = horizontal.from === horizontal.to && vertical.from === vertical.to
  const kind = unchanged ? 'nearest' : resizing[mode]
  const rgb = new Uint8Array(vertical.count * horizontal.count * 3)

  if (kind === 'nearest') {
    pickNearest(image, horizontal, vertical, rgb)
    return rgb
  }
  if (kind === 'sixteen') {
    toRgb[mode](resample16(data, horizontal, vertical, interpolation), rgb, rgb.length / 3)
    return rgb
  }
  const channels = channelsOf[mode]
  const read: RowReader = (y, first, into) => {
    const begin = (y * width + first) * channels
    into.set(data.subarray(begin, begin + into.length))
    if (kind === 'premultiplied') premultiply(into, channels)
  }
  const resized = resample(read, { channels, horizontal, vertical, interpolation })
  if (kind === 'premultiplied') unpremultiply(resized, channels)
  toRgb[mode](resized, rgb, rgb.length / 3)
  return rgb
}

function pickNearest(image: Pixels, horizontal: Axis, vertical: Axis, rgb: Uint8Array): void {
  const columns = nearest(horizontal)
  const rows = nearest(vertical)
  const bytes = bytesPerPixel(image)
  const outside = paletteColor(image, 0)
  const pixel = new Uint8Array(3)
  let o = 0
  for (const y of rows) {
    for (const x of columns) {
      if (x < 0 || y < 0) {
        rgb.set(outside, o)
      } else {
        const at = (y * image.width + x) * bytes
        toRgb[image.mode](image.data.subarray(at, at + bytes), pixel, 1)
        rgb.set(pixel, o)
      }
      o += 3
    }
  }
}

function bytesPerPixel(image: Pixels): number {
  return image.mode === 'I;16' ? 2 : channelsOf[image.mode]
}

/** The RGB of the padding. OpenAI's order pads in the picture's own mode: 0 is white in CMYK, and a palette's first colour. */
function paddingColor(image: Pixels, { order, fill = 0 }: Preprocessing): Triple {
  if (order === 'hf') return [fill, fill, fill]
  if (image.mode === 'P') return paletteColor(image, fill)
  const color = new Uint8Array(3)
  toRgb[image.mode](filling(image.mode, fill), color, 1)
  return [color[0]!, color[1]!, color[2]!]
}

/** One pixel of the padding in the picture's own mode. */
function filling(mode: Mode, fill: number): Uint8Array {
  if (mode === '1') return Uint8Array.of(fill === 0 ? 0 : 255)
  if (mode === 'I;16') return Uint8Array.of(fill, 0)
  return new Uint8Array(channelsOf[mode]).fill(fill)
}

function paletteColor({ palette }: Pixels, index: number): Triple {
  return [palette?.[index * 3] ?? 0, palette?.[index * 3 + 1] ?? 0, palette?.[index * 3 + 2] ?? 0]
}

/**
 * The model's input from `preprocess`'s bytes, to the last bit: `ToTensor` and `Normalize` in 32-bit floats, or Hugging
 * Face's `rescale` (64 bits, then cut to 32) and `normalize`. Writes `pixels.length` floats into `out` from `offset` on.
 */
export function normalize(pixels: Uint8Array, how: Preprocessing, out: Float32Array, offset: number): void {
  const plane = pixels.length / 3
  for (let c = 0; c < 3; c++) {
    const values = normalized(how, c)
    const end = (c + 1) * plane
    for (let i = c * plane; i < end; i++) out[offset + i] = values[pixels[i]!]!
  }
}

/** What each of the 256 bytes of channel `c` becomes. */
function normalized({ order, rescale, mean, std }: Preprocessing, c: number): Float32Array {
  const { fround } = Math
  return Float32Array.from({ length: 256 }, (_, byte) => {
    const unit = order === 'hf' ? fround(byte * (rescale ?? 1 / 255)) : fround(byte / 255)
    return fround(fround(unit - fround(mean[c]!)) / fround(std[c]!))
  })
}
