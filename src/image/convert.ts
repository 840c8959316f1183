// Pillow's conversions between modes (Convert.c, AlphaComposite.c), one row at a time and bit for bit.
import type { Mode } from './pixels.ts'

/** Converts the pixels of one row from `from` to `to`. */
type Convert = (from: Uint8Array, to: Uint8Array, pixels: number) => void

/** (a · b + 127) / 255 to the nearest integer, as Pillow's MULDIV255 computes it. */
function multiply255(a: number, b: number): number {
  const t = a * b + 128
  return ((t >> 8) + t) >> 8
}

function copy(channels: number): Convert {
  return (from, to, pixels) => to.set(from.subarray(0, pixels * channels))
}

function grayToRgb(step: number): Convert {
  return (from, to, pixels) => {
    for (let i = 0, o = 0; i < pixels * step; i += step, o += 3) to[o] = to[o + 1] = to[o + 2] = from[i]!
  }
}

function rgbaToRgb(from: Uint8Array, to: Uint8Array, pixels: number): void {
  for (let i = 0, o = 0; i < pixels * 4; i += 4, o += 3) {
    to[o] = from[i]!
    to[o + 1] = from[i + 1]!
    to[o + 2] = from[i + 2]!
  }
}

function cmykToRgb(from: Uint8Array, to: Uint8Array, pixels: number): void {
  for (let i = 0, o = 0; i < pixels * 4; i += 4, o += 3) {
    const light = 255 - from[i + 3]!
    for (let c = 0; c < 3; c++) to[o + c] = Math.max(0, light - multiply255(from[i + c]!, light))
  }
}

/** Pillow does not scale 16 bits down to 8: every value above 255 becomes white. */
function sixteenToRgb(low: 0 | 1): Convert {
  return (from, to, pixels) => {
    for (let i = 0, o = 0; i < pixels * 2; i += 2, o += 3) {
      to[o] = to[o + 1] = to[o + 2] = from[i + 1 - low] === 0 ? from[i + low]! : 255
    }
  }
}

/** `Image.convert('RGB')`: transparency is dropped, not blended. */
export const toRgb: Record<Mode, Convert> = {
  '1': grayToRgb(1),
  L: grayToRgb(1),
  LA: grayToRgb(2),
  P: copy(3),
  RGB: copy(3),
  RGBA: rgbaToRgb,
  CMYK: cmykToRgb,
  'I;16': sixteenToRgb(0),
  'I;16B': sixteenToRgb(1),
}

/** Multiplies colours by their opacity, as Pillow does before it resizes LA and RGBA. */
export function premultiply(row: Uint8Array, channels: number): void {
  const last = channels - 1
  for (let i = 0; i < row.length; i += channels) {
    const alpha = row[i + last]!
    if (alpha === 255) continue
    for (let c = i; c < i + last; c++) row[c] = multiply255(row[c]!, alpha)
  }
}

/** The reverse, after the resize. */
export function unpremultiply(row: Uint8Array, channels: number): void {
  const last = channels - 1
  for (let i = 0; i < row.length; i += channels) {
    const alpha = row[i + last]!
    if (alpha === 255 || alpha === 0) continue
    for (let c = i; c < i + last; c++) row[c] = Math.min(255, Math.trunc((255 * row[c]!) / alpha))
  }
}

/** `Image.alpha_composite` of an RGB row, with opacity `alpha(pixel)`, over white. */
export function overWhite(rgb: Uint8Array, pixels: number, alpha: (pixel: number) => number): void {
  for (let x = 0; x < pixels; x++) {
    const a = alpha(x)
    for (let c = x * 3; c < x * 3 + 3; c++) {
      const t = ((rgb[c]! * a + 255 * (255 - a)) << 7) + (0x80 << 7)
      rgb[c] = ((t >> 8) + t) >> 15
    }
  }
}
