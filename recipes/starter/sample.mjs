/** Reads a rotated window of an image: the resampling that crops, placements and backgrounds share. */

export const SIZE = 72
export const PIXELS = SIZE * SIZE

/**
 * Each pixel is the mean of four bilinear samples; RGB, or RGBA with the colours multiplied by alpha. Outside of the
 * image its edge is repeated (edge), or it is transparent.
 *
 * @param {import('./decode.mjs').Pixels} image
 * @param {{ x: number, y: number, w: number, h: number, angle: number, edge: boolean }} window
 *   centre and size in the image's pixels; a negative width mirrors; angle in radians
 * @returns {Float32Array} SIZE × SIZE × channels
 */
export function sample({ width, height, channels, data }, { x, y, w, h, angle, edge }) {
  const out = new Float32Array(PIXELS * channels)
  const cos = Math.cos(angle)
  const sin = Math.sin(angle)
  const sign = Math.sign(w)
  for (let i = 0; i < PIXELS; i++) {
    for (let s = 0; s < 4; s++) {
      const u = (((i % SIZE) + (s & 1 ? 0.75 : 0.25)) / SIZE - 0.5) * w
      const v = ((Math.floor(i / SIZE) + (s & 2 ? 0.75 : 0.25)) / SIZE - 0.5) * h
      let px = x + u * cos - v * sin * sign - 0.5
      let py = y + u * sin * sign + v * cos - 0.5
      if (edge) {
        px = Math.min(width - 1, Math.max(0, px))
        py = Math.min(height - 1, Math.max(0, py))
      } else if (px <= -1 || py <= -1 || px >= width || py >= height) continue
      const x0 = Math.floor(px)
      const y0 = Math.floor(py)
      const fx = px - x0
      const fy = py - y0
      for (let t = 0; t < 4; t++) {
        const xi = x0 + (t & 1)
        const yi = y0 + (t >> 1)
        if (xi < 0 || yi < 0 || xi >= width || yi >= height) continue
        const weight = (t & 1 ? fx : 1 - fx) * (t & 2 ? fy : 1 - fy) * 0.25
        const at = (yi * width + xi) * channels
        if (channels === 4) {
          const alpha = (weight * data[at + 3]) / 255
          out[i * 4] += data[at] * alpha
          out[i * 4 + 1] += data[at + 1] * alpha
          out[i * 4 + 2] += data[at + 2] * alpha
          out[i * 4 + 3] += weight * data[at + 3]
        } else {
          out[i * 3] += data[at] * weight
          out[i * 3 + 1] += data[at + 1] * weight
          out[i * 3 + 2] += data[at + 2] * weight
        }
      }
    }
  }
  return out
}
