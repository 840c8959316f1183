// Pillow's resize without smoothing (Geometry.c, ImagingScaleAffine), which it uses for palette and 1-bit images.
import type { Axis } from './geometry.ts'

/** The source index of each wanted output; -1 where accumulated rounding leaves the image. */
export function nearest({ from, to, start, count }: Axis): Int32Array {
  const scale = from / to
  const indices = new Int32Array(count)
  let position = scale * 0.5
  for (let i = 0; i < start; i++) position += scale // summed, not multiplied: the rounding errors are part of the result
  for (let i = 0; i < count; i++) {
    const index = Math.trunc(position)
    indices[i] = index < from ? index : -1
    position += scale
  }
  return indices
}
