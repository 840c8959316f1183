/** Redraws a drawing with outlines, or as outlines alone: more styles than the sources have. */
import { PIXELS, SIZE } from './sample.mjs'

/**
 * @param {Float32Array} rgba SIZE × SIZE × 4, colours multiplied by alpha; changed in place
 * @param {'outlined' | 'sketched'} style
 * @param {number} dark the ink, 0 (black) to 255
 * @param {number} fine 1 for all edges; above, thinner lines and fewer
 */
export function draw(rgba, style, dark, fine) {
  const ink = edges(rgba, fine)
  for (let i = 0; i < PIXELS; i++) {
    const line = ink[i]
    const alpha = rgba[i * 4 + 3]
    const kept = style === 'sketched' ? 0 : 1 - line
    for (let c = 0; c < 3; c++) rgba[i * 4 + c] = rgba[i * 4 + c] * kept + dark * line
    rgba[i * 4 + 3] = Math.max(style === 'sketched' ? 0 : alpha, line * 255)
  }
}

/**
 * Shading made into a few even tones, as in flat drawings.
 *
 * @param {Float32Array} rgba as above
 * @param {number} tones of each channel
 */
export function flatten(rgba, tones) {
  const step = 255 / tones
  for (let i = 0; i < PIXELS; i++) {
    const alpha = rgba[i * 4 + 3] / 255
    if (alpha < 0.05) continue
    for (let c = 0; c < 3; c++) {
      const own = rgba[i * 4 + c] / alpha
      rgba[i * 4 + c] = Math.min(255, Math.round(own / step) * step) * alpha
    }
  }
}

/** How much of an edge each pixel is, 0 to 1: the colour differences across it (Sobel's), on white. */
function edges(rgba, fine) {
  const out = new Float32Array(PIXELS)
  const value = (x, y, c) => {
    const i = (Math.min(SIZE - 1, Math.max(0, y)) * SIZE + Math.min(SIZE - 1, Math.max(0, x))) * 4
    return c === 3 ? rgba[i + 3] : rgba[i + c] + 255 - rgba[i + 3]
  }
  for (let y = 0; y < SIZE; y++) {
    for (let x = 0; x < SIZE; x++) {
      let most = 0
      for (let c = 0; c < 4; c++) {
        const gx =
          value(x + 1, y - 1, c) +
          2 * value(x + 1, y, c) +
          value(x + 1, y + 1, c) -
          value(x - 1, y - 1, c) -
          2 * value(x - 1, y, c) -
          value(x - 1, y + 1, c)
        const gy =
          value(x - 1, y + 1, c) +
          2 * value(x, y + 1, c) +
          value(x + 1, y + 1, c) -
          value(x - 1, y - 1, c) -
          2 * value(x, y - 1, c) -
          value(x + 1, y - 1, c)
        most = Math.max(most, Math.hypot(gx, gy))
      }
      out[y * SIZE + x] = Math.min(1, Math.max(0, (most - 90 * fine) / (220 * fine)))
    }
  }
  return out
}
