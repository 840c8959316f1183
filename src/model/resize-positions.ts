// Resizes position embeddings to another image size, bicubic with antialiasing (open_clip's `resize_pos_embed`).

/**
 * Cubic convolution with a = −1/2, as PyTorch and Pillow use with antialiasing. `src/image` has the same filter: neither
 * folder imports the other, and each rounds as its own reference.
 */
function cubic(t: number): number {
  const x = Math.abs(t)
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1
  if (x < 2) return ((-0.5 * x + 2.5) * x - 4) * x + 2
  return 0
}

/** `[from]` → `[to]` along one axis of `[outer, from, inner]`. */
function resizeAxis(data: Float64Array, outer: number, from: number, inner: number, to: number): Float64Array {
  const out = new Float64Array(outer * to * inner)
  const scale = from / to
  const spread = Math.max(scale, 1)
  for (let i = 0; i < to; i++) {
    const center = (i + 0.5) * scale
    const start = Math.max(0, Math.trunc(center - 2 * spread + 0.5))
    const end = Math.min(from, Math.trunc(center + 2 * spread + 0.5))
    const weights = Array.from({ length: end - start }, (_, k) => cubic((k + start - center + 0.5) / spread))
    const total = weights.reduce((a, b) => a + b, 0)
    for (let o = 0; o < outer; o++) {
      for (const [k, w] of weights.entries()) {
        const source = (o * from + start + k) * inner
        const target = (o * to + i) * inner
        for (let c = 0; c < inner; c++) out[target + c]! += (w / total) * data[source + c]!
      }
    }
  }
  return out
}

/**
 * `[1 + from², width] → [1 + to², width]`; the class token's row is kept.
 * @param positions row-major
 */
export function resizePositions(positions: Float32Array, width: number, to: number): Float32Array {
  const from = Math.round(Math.sqrt(positions.length / width - 1))
  const grid = Float64Array.from(positions.subarray(width))
  const rows = resizeAxis(resizeAxis(grid, from, from, width, to), 1, from, to * width, to)
  const out = new Float32Array((1 + to * to) * width)
  out.set(positions.subarray(0, width))
  out.set(rows, width)
  return out
}
