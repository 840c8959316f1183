// The size an image is resized to and the square that is cropped from it, as torchvision, open_clip and Hugging Face compute them.
import { InputError } from '../errors.ts'

/** One axis of a resize: `from` pixels become `to`, and only `count` of those, from `start` on, are computed. */
export interface Axis {
  from: number
  to: number
  start: number
  count: number
}

/** Python's `round`: a half goes to the even neighbour. */
function round(x: number): number {
  const down = Math.floor(x)
  if (x - down !== 0.5) return Math.round(x)
  return down % 2 === 0 ? down : down + 1
}

/** The width and height to resize to, for a square of `size`. */
export const resizedSize = {
  /** torchvision's `Resize(size)`: the shorter side becomes `size`, the longer side is truncated to an integer. */
  shortest(width: number, height: number, size: number): [number, number] {
    const long = Math.trunc((size * Math.max(width, height)) / Math.min(width, height))
    return width <= height ? [size, long] : [long, size]
  },
  /** open_clip's `ResizeKeepRatio(longest=1)`: the longer side becomes `size`, both rounded. */
  longest(width: number, height: number, size: number): [number, number] {
    const ratio = Math.max(height / size, width / size)
    const to: [number, number] = [round(width / ratio), round(height / ratio)]
    if (Math.min(...to) < 1) {
      throw new InputError(
        `image of ${width}×${height}: with its longer side at ${size} the other one would be 0 pixels; crop the image, or resize by its shortest side`,
      )
    }
    return to
  },
  /** Both sides become `size`, whatever the proportions. */
  squash(_width: number, _height: number, size: number): [number, number] {
    return [size, size]
  },
} as const

/**
 * The start of the cropped `size` pixels of an axis of `length`. Negative: that many pixels of padding come first.
 * torchvision rounds half to even when it crops, and down when it pads; Hugging Face rounds down (padding: up).
 */
export const cropOffset = {
  openai(length: number, size: number): number {
    return length < size ? -Math.floor((size - length) / 2) : round((length - size) / 2)
  },
  hf(length: number, size: number): number {
    return Math.floor((length - size) / 2)
  },
} as const

/**
 * Whether Pillow (13) filters down the columns before it filters across the rows. Both orders round to bytes in
 * between, so they differ. Found by resizing noise both ways; older Pillows always go across first.
 */
export function downFirst(horizontal: Axis, vertical: Axis): boolean {
  return vertical.from - vertical.to > 2 * Math.max(0, horizontal.from - horizontal.to)
}
