// Preprocessing, an image of any mode and size to a square of RGB, byte for byte as in OpenAI's CLIP (`clip._transform`),
// open_clip (`image_transform`) and Hugging Face (`CLIPImageProcessorPil`).
import { type Interpolation, span } from './bicubic.ts'
import { toRgb } from './convert.ts'
import { type Axis, cropOffset, resizedSize } from './geometry.ts'
import { channelsOf, type Mode, type Part, type Pixels, paletteColor } from './pixels.ts'
import { resizeToRgb } from './resize.ts'

/** One number for each of red, green and blue. */
export type Triple = readonly [number, number, number]

/** How an image becomes the input of the image encoder. */
export interface Preprocessing {
  /** Side of the square input of the model, in pixels. */
  size: number
  /** `openai`: resize, crop, then RGB. `hf`: RGB first (transparency over white), then resize and crop. */
  order: 'openai' | 'hf'
  /** `shortest`: the shorter side becomes `size`, then crop. `longest`: the longer side becomes `size`, then pad. `squash`: both do. */
  mode: 'shortest' | 'longest' | 'squash'
  interpolation: Interpolation
  mean: Triple
  std: Triple
  /** Padding colour in `longest` (open_clip's `fill_color`), 0…255 for every channel. Default: 0. */
  fill?: number
  /** The side to resize to before `size` is cropped from it (Hugging Face's `size`, if it differs from `crop_size`). Default: `size`. */
  resize?: number | 'none'
  /** Hugging Face's `rescale_factor`. Default: 1/255. */
  rescale?: number
}

/** The model's input before normalising: `[3, size, size]` bytes, plane after plane. */
export function preprocess(image: Pixels, how: Preprocessing): Uint8Array {
  const { size, order, interpolation } = how
  const { horizontal, vertical } = plan(image.width, image.height, how)
  const rgb = resizeToRgb[order](image, horizontal, vertical, interpolation)

  const result = new Uint8Array(3 * size * size)
  const background = paddingColor(image, how)
  for (let c = 0; c < 3; c++) {
    const plane = result.subarray(c * size * size, (c + 1) * size * size)
    if (background[c] !== 0) plane.fill(background[c]!)
    for (let y = 0, i = c; y < vertical.count; y++) {
      let o = (y + vertical.padding) * size + horizontal.padding
      for (let x = 0; x < horizontal.count; x++, i += 3) plane[o++] = rgb[i]!
    }
  }
  return result
}

/** The part of the image that the result depends on; the rest need not be decoded. */
export function neededPart(width: number, height: number, how: Preprocessing): Part {
  const { horizontal, vertical } = plan(width, height, how)
  const [left, right] = span(horizontal, how.interpolation)
  const [top, bottom] = span(vertical, how.interpolation)
  return { left, top, width: right - left, height: bottom - top }
}

/** An axis, and the padding before its first kept pixel. */
type PaddedAxis = Axis & { padding: number }

function plan(width: number, height: number, how: Preprocessing): { horizontal: PaddedAxis; vertical: PaddedAxis } {
  const { size, order, mode, resize = size } = how
  const [toWidth, toHeight] = resize === 'none' ? [width, height] : resizedSize[mode](width, height, resize)
  const axis = (from: number, to: number) => {
    const offset = cropOffset[order](to, size)
    const start = Math.max(0, offset)
    return { from, to, start, count: Math.min(to, offset + size) - start, padding: start - offset }
  }
  return { horizontal: axis(width, toWidth), vertical: axis(height, toHeight) }
}

/** The padding's RGB. OpenAI's order pads in the image's own mode: 0 is white in CMYK, and the first colour of a palette. */
function paddingColor(image: Pixels, { order, fill = 0 }: Preprocessing): Triple {
  if (order === 'hf') return [fill, fill, fill]
  if (image.mode === 'P') return paletteColor(image, fill)
  const color = new Uint8Array(3)
  toRgb[image.mode](filling(image.mode, fill), color, 1)
  return [color[0]!, color[1]!, color[2]!]
}

/** One pixel of padding in the image's own mode. */
function filling(mode: Mode, fill: number): Uint8Array {
  if (mode === '1') return Uint8Array.of(fill === 0 ? 0 : 255)
  if (mode === 'I;16') return Uint8Array.of(fill, 0)
  if (mode === 'I;16B') return Uint8Array.of(0, fill)
  return new Uint8Array(channelsOf[mode]).fill(fill)
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

/** The normalised value of each of the 256 bytes, for channel `c`. */
function normalized({ order, rescale, mean, std }: Preprocessing, c: number): Float32Array {
  const { fround } = Math
  return Float32Array.from({ length: 256 }, (_, byte) => {
    const unit = order === 'hf' ? fround(byte * (rescale ?? 1 / 255)) : fround(byte / 255)
    return fround(fround(unit - fround(mean[c]!)) / fround(std[c]!))
  })
}
