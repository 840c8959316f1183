/** A random look of a drawing: moved, rotated, mirrored, on white or on a colour, a little lighter or darker. */
import { PIXELS, sample } from '../starter/sample.mjs'

/**
 * @param {import('../starter/decode.mjs').Pixels} pixels
 * @param {{ flip: boolean }} how
 * @param {() => number} random
 * @returns {Uint8ClampedArray} SIZE × SIZE × 3
 */
export function look(pixels, { flip }, random) {
  const between = (low, high) => low + (high - low) * random()
  const { width } = pixels
  const size = width * between(0.85, 1.25) // the window's side: above 1 leaves room around the drawing
  const x = width / 2 + between(-0.1, 0.1) * width
  const y = width / 2 + between(-0.1, 0.1) * width
  const mirror = flip && random() < 0.5 ? -1 : 1
  const top = sample(pixels, { x, y, w: size * mirror, h: size, angle: between(-0.15, 0.15), edge: false })
  const ground = random() < 0.7 ? [255, 255, 255] : [0, 1, 2].map(() => between(120, 255))
  const light = [0, 1, 2].map(() => between(0.9, 1.1))
  const out = new Uint8ClampedArray(PIXELS * 3)
  for (let i = 0; i < PIXELS; i++) {
    const alpha = top[i * 4 + 3] / 255
    for (let c = 0; c < 3; c++) out[i * 3 + c] = (top[i * 4 + c] + ground[c] * (1 - alpha)) * light[c]
  }
  return out
}
