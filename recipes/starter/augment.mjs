/** One look of a picture: cropped or placed, turned, mirrored, redrawn, on a ground, in changed colours. */
import { ground } from './grounds.mjs'
import { PIXELS, SIZE, sample } from './sample.mjs'
import { draw } from './strokes.mjs'

/**
 * @param {import('./decode.mjs').Pixels} pixels
 * @param {{ photo?: boolean, cutout?: boolean, mono?: boolean, flip: boolean, texture?: import('./decode.mjs').Pixels }} how
 *   texture: a photo to take a ground from, now and then
 * @param {() => number} random
 * @returns {Uint8ClampedArray} SIZE × SIZE × 3
 */
export function look(pixels, how, random) {
  const between = (low, high) => low + (high - low) * random()
  const layer = how.photo ? crop(pixels, how, between, random) : place(pixels, how, between, random)
  return colours(layer, between, random)
}

/** A window of a photo: 40 to 100 % of its largest square, somewhere. */
function crop(pixels, how, between, random) {
  const { width, height } = pixels
  const side = Math.min(width, height)
  const area = Math.sqrt(between(0.4, 1))
  const ratio = Math.exp(between(-0.1, 0.1))
  const w = Math.min(side * area * ratio, width)
  const h = Math.min((side * area) / ratio, height)
  const x = width / 2 + (between(-1, 1) * (width - w)) / 2
  const y = height / 2 + (between(-1, 1) * (height - h)) / 2
  const angle = random() < 0.5 ? between(-0.12, 0.12) : 0
  const mirror = how.flip && random() < 0.5 ? -1 : 1
  return sample(pixels, { x, y, w: w * mirror, h, angle, edge: true })
}

/** A drawing or a cut-out placed whole or nearly so, on a ground. */
function place(pixels, how, between, random) {
  const { width } = pixels
  const size = Math.sqrt(between(0.7, 1.7)) // of the window, in drawings: above 1 there is room around it
  const ratio = Math.exp(between(-0.1, 0.1))
  const w = width * size * ratio
  const h = (width * size) / ratio
  const x = width / 2 + (between(-1, 1) * Math.abs(width - w)) / 2
  const y = width / 2 + (between(-1, 1) * Math.abs(width - h)) / 2
  const angle = random() < 0.5 ? between(-0.2, 0.2) : 0
  const mirror = how.flip && random() < 0.5 ? -1 : 1
  const top = sample(pixels, { x, y, w: w * mirror, h, angle, edge: false })
  const style = how.mono || how.cutout ? 1 : random()
  if (style < 0.2) draw(top, style < 0.06 ? 'sketched' : 'outlined', random() < 0.8 ? 0 : between(0, 90))
  const under = ground(how.cutout ? 'cutout' : 'drawing', how.texture, random)
  if (style < 0.06) lighten(under)
  const ink = how.mono ? inkFor(under, random) : undefined
  const out = new Float32Array(PIXELS * 3)
  for (let i = 0; i < PIXELS; i++) {
    const alpha = top[i * 4 + 3] / 255
    for (let c = 0; c < 3; c++) {
      const over = ink ? ink[c] * alpha : top[i * 4 + c]
      out[i * 3 + c] = over + under[i * 3 + c] * (1 - alpha)
    }
  }
  return out
}

/** So that dark lines show. */
function lighten(under) {
  for (let i = 0; i < under.length; i++) under[i] = 165 + under[i] * 0.35
}

/** Black, or a colour; light where the ground is dark. */
function inkFor(under, random) {
  let mean = 0
  for (const v of under) mean += v
  const dark = mean / under.length < 115
  if (random() < 0.4) return dark ? [255, 255, 255] : [0, 0, 0]
  return [0, 1, 2].map(() => (dark ? 255 - random() * 170 : random() * 170))
}

/** Brightness, a tint, saturation, contrast. */
function colours(rgb, between, random) {
  const bright = between(0.78, 1.2)
  const tint = [0, 1, 2].map(() => bright * (1 + between(-0.06, 0.06)))
  const saturation = random() < 0.04 ? 0 : between(0.65, 1.3)
  const contrast = between(0.8, 1.2)
  let mean = 0
  for (let i = 0; i < PIXELS; i++) {
    const r = rgb[i * 3] * tint[0]
    const g = rgb[i * 3 + 1] * tint[1]
    const b = rgb[i * 3 + 2] * tint[2]
    const gray = 0.299 * r + 0.587 * g + 0.114 * b
    rgb[i * 3] = gray + (r - gray) * saturation
    rgb[i * 3 + 1] = gray + (g - gray) * saturation
    rgb[i * 3 + 2] = gray + (b - gray) * saturation
    mean += gray
  }
  mean /= PIXELS
  const out = new Uint8ClampedArray(PIXELS * 3)
  for (let i = 0; i < out.length; i++) out[i] = mean + (rgb[i] - mean) * contrast
  return out
}

export { SIZE }
