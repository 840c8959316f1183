// Pillow's bicubic filter (and bilinear) and the weights of a resize (Resample.c, precompute_coeffs): antialiased when shrinking.
import type { Axis } from './geometry.ts'

/** The filter of a resize. */
export type Interpolation = 'bicubic' | 'bilinear'

const filters = {
  bicubic: {
    support: 2,
    weight(distance: number): number {
      const x = Math.abs(distance)
      if (x < 1) return (1.5 * x - 2.5) * x * x + 1
      if (x < 2) return (((x - 5) * x + 8) * x - 4) * -0.5
      return 0
    },
  },
  bilinear: {
    support: 1,
    weight(distance: number): number {
      const x = Math.abs(distance)
      return x < 1 ? 1 - x : 0
    },
  },
} as const satisfies Record<Interpolation, { support: number; weight(distance: number): number }>

/** For the i-th output pixel: `weights[offsets[i] … offsets[i + 1]]` apply to the inputs from `first[i]` on. */
export interface Coefficients {
  first: Int32Array
  offsets: Int32Array
  weights: Float64Array
}

/** The range of inputs that one output depends on, half open. */
function inputs({ from, to }: Axis, support: number, output: number): [low: number, high: number] {
  const center = (output + 0.5) * (from / to)
  return [Math.max(0, Math.trunc(center - support + 0.5)), Math.min(from, Math.trunc(center + support + 0.5))]
}

/** The range of inputs that the outputs depend on, half open. */
export function span(axis: Axis, interpolation: Interpolation): [low: number, high: number] {
  const support = filters[interpolation].support * Math.max(axis.from / axis.to, 1)
  const [low] = inputs(axis, support, axis.start)
  const [, high] = inputs(axis, support, axis.start + axis.count - 1)
  return [low, high]
}

export function coefficients(axis: Axis, interpolation: Interpolation): Coefficients {
  const { from, to, start, count } = axis
  const filter = filters[interpolation]
  const scale = from / to
  const stretch = Math.max(scale, 1)
  const support = filter.support * stretch
  const inverse = 1 / stretch
  const first = new Int32Array(count)
  const offsets = new Int32Array(count + 1)
  const weights = new Float64Array(count * (Math.ceil(support) * 2 + 1))
  let end = 0
  for (let i = 0; i < count; i++) {
    const center = (start + i + 0.5) * scale
    const [low, high] = inputs(axis, support, start + i)
    const begin = end
    let sum = 0
    for (let x = low; x < high; x++) {
      const weight = filter.weight((x - center + 0.5) * inverse)
      weights[end++] = weight
      sum += weight
    }
    if (sum !== 0) for (let k = begin; k < end; k++) weights[k] = weights[k]! / sum
    first[i] = low
    offsets[i + 1] = end
  }
  return { first, offsets, weights }
}

/** Pillow's integer weights for 8-bit images: 22 fractional bits, rounded half away from zero. */
export function quantize(weight: number): number {
  return Math.trunc(weight * 4194304 + (weight < 0 ? -0.5 : 0.5))
}
