// torchvision's colour changes for Pillow's RGB images (ImageEnhance, Convert.c, Blend.c), bit for bit.

export type ColorChange =
  | { kind: 'brightness' | 'contrast' | 'saturation' | 'hue'; factor: number }
  | { kind: 'grayscale' }

/** Changes interleaved RGB in place, one change after the other. */
export function changeColors(rgb: Uint8Array, changes: readonly ColorChange[]): void {
  for (const change of changes) {
    if (change.kind === 'grayscale') grayscale(rgb)
    else enhance[change.kind](rgb, change.factor)
  }
}

const enhance: Record<'brightness' | 'contrast' | 'saturation' | 'hue', (rgb: Uint8Array, factor: number) => void> = {
  brightness: (rgb, factor) => blend(rgb, factor, () => 0),
  contrast(rgb, factor) {
    let sum = 0
    for (let i = 0; i < rgb.length; i += 3) sum += luma(rgb, i)
    const mean = Math.trunc(sum / (rgb.length / 3) + 0.5)
    blend(rgb, factor, () => mean)
  },
  saturation: (rgb, factor) => blend(rgb, factor, (i) => luma(rgb, i)),
  hue(rgb, factor) {
    const turn = Math.trunc(factor * 255) & 255
    for (let i = 0; i < rgb.length; i += 3) turnHue(rgb, i, turn)
  },
}

function grayscale(rgb: Uint8Array): void {
  for (let i = 0; i < rgb.length; i += 3) rgb.fill(luma(rgb, i), i, i + 3)
}

/** Pillow's `L` of an RGB pixel: ITU-R 601-2 with 16 fractional bits. */
function luma(rgb: Uint8Array, i: number): number {
  return (rgb[i]! * 19595 + rgb[i + 1]! * 38470 + rgb[i + 2]! * 7471 + 0x8000) >> 16
}

const { fround } = Math

/** `Image.blend(other, image, factor)`: interpolates, or extrapolates beyond the image; in 32-bit floats, truncated to integers. */
function blend(rgb: Uint8Array, factor: number, other: (i: number) => number): void {
  const alpha = fround(factor)
  for (let i = 0; i < rgb.length; i += 3) {
    const from = other(i)
    for (let c = i; c < i + 3; c++) {
      const value = fround(from + fround(alpha * (rgb[c]! - from)))
      rgb[c] = value <= 0 ? 0 : value >= 255 ? 255 : value
    }
  }
}

/** To HSV in bytes, round the circle of 256, and back. */
function turnHue(rgb: Uint8Array, i: number, turn: number): void {
  const [r, g, b] = [rgb[i]!, rgb[i + 1]!, rgb[i + 2]!]
  const max = Math.max(r, g, b)
  const spread = max - Math.min(r, g, b)
  if (spread === 0) return // gray has no hue
  const saturation = Math.trunc(fround(spread / max) * 255)
  const away = (value: number) => fround((max - value) / spread)
  const sector = r === max ? fround(away(b) - away(g)) : g === max ? 2 + away(r) - away(b) : 4 + away(g) - away(r)
  const hue = (Math.trunc(fround((fround(sector) / 6 + 1) % 1) * 255) + turn) & 255
  if (saturation === 0) {
    rgb.fill(max, i, i + 3)
    return
  }
  const position = (hue * 6) / 255
  const index = Math.floor(position)
  const f = fround(position - index)
  const s = fround(saturation / 255)
  const p = round(max * (1 - s))
  const q = round(max * (1 - fround(s * f)))
  const t = round(max * (1 - s * (1 - f)))
  const sectors = [
    [max, t, p],
    [q, max, p],
    [p, max, t],
    [p, q, max],
    [t, p, max],
    [max, p, q],
  ]
  rgb.set(sectors[index % 6]!, i)
}

/** C's `round` of a number that is not negative, in 32-bit floats. */
function round(value: number): number {
  return Math.floor(fround(value) + 0.5)
}
