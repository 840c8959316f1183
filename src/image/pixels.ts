// Decoded images as Pillow's `Image.open` holds them: the mode decides how an image is resized and converted to RGB.
import { InputError } from '../errors.ts'

/**
 * Pillow's mode of an image, and the channels that `Pixels.data` interleaves for it.
 *
 * `1` (black and white) is held as gray 0 or 255, and `P` (palette) as the palette's colours: the mode
 * matters because both are resized without smoothing.
 */
export const channelsOf = {
  '1': 1,
  L: 1,
  LA: 2,
  P: 3,
  RGB: 3,
  RGBA: 4,
  CMYK: 4,
  'I;16': 1,
  'I;16B': 1,
} as const satisfies Record<string, 1 | 2 | 3 | 4>

/** Pillow's mode of an image. */
export type Mode = keyof typeof channelsOf

/** A decoded image. */
export interface Pixels {
  mode: Mode
  width: number
  height: number
  /** Rows top to bottom, channels interleaved; two bytes a pixel for `I;16` (little-endian) and `I;16B` (big-endian). */
  data: Uint8Array
  /**
   * One opacity byte a pixel, if a file without an alpha channel names a transparent colour (Pillow's
   * `info['transparency']`). Only Hugging Face's order uses it.
   */
  opacity?: Uint8Array
  /** The palette of a `P` image, three bytes a colour. Padding uses one of them. */
  palette?: Uint8Array
  /** The part of the image that `data` and `opacity` hold. Default: all of it. */
  part?: Part
  /** The file's EXIF orientation, 2 to 8, if it was not applied to `data`. */
  orientation?: number
}

/** A rectangle of an image. */
export interface Part {
  left: number
  top: number
  width: number
  height: number
}

/** The index of a pixel in `data`, in pixels. */
export function pixelIndex({ width, part }: Pixels, x: number, y: number): number {
  return part ? (y - part.top) * part.width + x - part.left : y * width + x
}

/** Bytes of one pixel. */
export function bytesOf(mode: Mode): number {
  return mode === 'I;16' || mode === 'I;16B' ? 2 : channelsOf[mode]
}

/** A colour of the image's palette; black if the palette lacks it. */
export function paletteColor({ palette }: Pixels, index: number): [number, number, number] {
  const [red = 0, green = 0, blue = 0] = palette?.subarray(index * 3, index * 3 + 3) ?? []
  return [red, green, blue]
}

/** Decoded pixels from the caller: bytes, rows top to bottom, channels interleaved (L, LA, RGB or RGBA). */
export interface RawImage {
  data: Uint8Array | Uint8ClampedArray
  width: number
  height: number
  channels: 1 | 2 | 3 | 4
}

const modeOf = { 1: 'L', 2: 'LA', 3: 'RGB', 4: 'RGBA' } as const

/** Checks a caller's pixels and reads them as Pillow's `Image.fromarray` does. */
export function fromRaw({ data, width, height, channels }: RawImage): Pixels {
  const mode = modeOf[channels]
  if (mode === undefined)
    throw new InputError(`raw image: ${channels} channels; expected 1 (L), 2 (LA), 3 (RGB) or 4 (RGBA)`)
  if (!Number.isInteger(width) || !Number.isInteger(height) || width < 1 || height < 1) {
    throw new InputError(`raw image: ${width}×${height} pixels; width and height must be whole numbers of at least 1`)
  }
  if (!(data instanceof Uint8Array || data instanceof Uint8ClampedArray)) {
    throw new InputError('raw image: data must be a Uint8Array or Uint8ClampedArray of bytes 0…255')
  }
  if (data.length !== width * height * channels) {
    const expected = width * height * channels
    throw new InputError(`raw image: ${data.length} bytes; ${width}×${height}×${channels} takes ${expected}`)
  }
  return { mode, width, height, data: new Uint8Array(data.buffer, data.byteOffset, data.length) }
}
