// Operators over image planes, `[batch, channels, height, width]`. The gradient of a convolution has three forms, chosen for
// speed: a matrix product if windows do not overlap, one matrix product per kernel position for the kernel, and another
// convolution for the image.
// In formulas, x′ is the loss's derivative by x.

import { ShapeError } from '../../errors.ts'
import { knownDim, showShape } from '../shape.ts'
import { type Attribute, apply, concat, constant, type Tensor, zerosLike } from '../tensor.ts'
import type { Operator } from './operator.ts'

type Attributes = Readonly<Record<string, Attribute>>
type Plane = [height: number, width: number]

const plane = (x: Tensor): Plane => [knownDim(x.shape, 2), knownDim(x.shape, 3)]

/** Height and width after sliding a window over them. */
function slide(x: Tensor, kernel: readonly number[], { strides, pads }: Attributes): number[] {
  return [0, 1].map((i) => {
    const padded = knownDim(x.shape, 2 + i) + (pads as number[])[i]! + (pads as number[])[i + 2]!
    if (padded < kernel[i]!) throw new ShapeError(`a window of ${kernel.join('×')} does not fit ${showShape(x.shape)}`)
    return Math.floor((padded - kernel[i]!) / (strides as number[])[i]!) + 1
  })
}

/** Whether windows are adjacent: patches, or single pixels. A convolution is then a matrix product. */
const tiles = (kernel: readonly number[], { strides, pads }: Attributes): boolean =>
  kernel.every((n, i) => n === (strides as number[])[i]) && (pads as number[]).every((n) => n === 0)

/** The image as adjacent windows, `[batch, c, rows, kh, columns, kw]`; a remainder is cut off. */
function cut(x: Tensor, [kh, kw]: Plane, [rows, columns]: Plane): Tensor {
  return window(x, [0, 0], [rows * kh, columns * kw]).reshape(...x.shape.slice(0, 2), rows, kh, columns, kw)
}

/** The opposite of `cut`, with zeros where a remainder was cut off. */
function assemble(windows: Tensor, [height, width]: Plane): Tensor {
  const [batch, channels, rows, kh, columns, kw] = windows.shape as number[]
  const [h, w] = [rows! * kh!, columns! * kw!]
  return padTo(windows.reshape(batch!, channels!, h, w), [height, width])
}

/** Zeros after the last row and column, up to this size. */
function padTo(x: Tensor, [height, width]: Plane): Tensor {
  const [h, w] = plane(x)
  return x.pad(0, 0, 0, 0, 0, 0, height - h, width - w)
}

const onePixel = ([kh, kw]: Plane): boolean => kh * kw === 1

function window(x: Tensor, [top, left]: Plane, [height, width]: Plane): Tensor {
  const [h, w] = plane(x)
  return h === height && w === width ? x : x.sliceAxes([2, 3], [top, left], [top + height, left + width])
}

/**
 * The kernel's gradient, `W′[o, c, i, j] = Σ y′[b, o, r, s] · x[b, c, r·stride + i, s·stride + j]`. One matrix product per
 * kernel position is fast, because its inner dimension is the number of all windows; as a convolution it would be slow.
 */
function kernelGradient(x: Tensor, g: Tensor, [kh, kw]: Plane, attributes: Attributes): Tensor {
  const [channels, out] = [knownDim(x.shape, 1), knownDim(g.shape, 1)]
  const [rows, columns] = plane(g)
  const dy = g.transpose(1, 0, 2, 3).reshape(out, -1) // [out, windows]
  if (tiles([kh, kw], attributes)) {
    // [c, kh, kw, batch, rows, columns]; transposing four axes is much faster than six
    const windows = onePixel([kh, kw])
      ? window(x, [0, 0], [rows, columns]).transpose(1, 0, 2, 3)
      : cut(x, [kh, kw], [rows, columns]).transpose(1, 3, 5, 0, 2, 4)
    return dy.matmulTransposed(windows.reshape(channels * kh * kw, -1)).reshape(out, channels, kh, kw)
  }

  const [sh, sw] = attributes.strides as Plane
  const [top, left, bottom, right] = attributes.pads as [number, number, number, number]
  const [height, width] = plane(x)
  const paddingBelow = Math.max(bottom, kh - 1 + rows * sh - height - top)
  const paddingRight = Math.max(right, kw - 1 + columns * sw - width - left)
  const padded = x.pad(0, 0, top, left, 0, 0, paddingBelow, paddingRight).transpose(1, 0, 2, 3) // [c, batch, h, w]
  const products = Array.from({ length: kh * kw }, (_, position) => {
    const shifted = window(padded, [Math.floor(position / kw), position % kw], [rows * sh, columns * sw])
    const read = sh * sw === 1 ? shifted : everyNth(shifted, [sh, sw])
    return dy.matmulTransposed(read.reshape(channels, -1)).reshape(out, channels, 1)
  })
  return concat(products, 2).reshape(out, channels, kh, kw)
}

/** The first of every `sh × sw` pixels. */
function everyNth(x: Tensor, [sh, sw]: Plane): Tensor {
  const [height, width] = plane(x)
  return cut(x, [sh, sw], [height / sh, width / sw]).sliceAxes([3, 5], [0, 0], [1, 1])
}

/** The kernel of the backward convolution: `[out, in, kh, kw] → [in, out, kh, kw]`, flipped; computed after `g`. */
function mirrored(w: Tensor, g: Tensor): Tensor {
  const [out, channels, kh, kw] = w.shape as number[]
  const reversed = BigInt64Array.from({ length: kh! * kw! }, (_, i) => BigInt(kh! * kw! - 1 - i))
  const flipped = w.reshape(out!, channels!, kh! * kw!).gather(constant(reversed, [kh! * kw!]).sequencedAfter(g), 2)
  return flipped.transpose(1, 0, 2).reshape(channels!, out!, kh!, kw!)
}

/** With fewer windows in a plane than this, one matrix product over all planes is faster than one for each. */
const smallPlane = 128

/** The image's gradient. */
function imageGradient(x: Tensor, w: Tensor, g: Tensor, attributes: Attributes): Tensor {
  const kernel = plane(w)
  const [out, channels] = w.shape as Plane
  const [rows, columns] = plane(g)
  if (tiles(kernel, attributes)) {
    const kernelRows = w.reshape(out, -1).transpose() // [c·kh·kw, out]
    if (rows * columns < smallPlane) {
      const dy = g.transpose(1, 0, 2, 3).reshape(out, -1) // [out, windows]
      const placed = kernelRows.matmul(dy)
      if (onePixel(kernel))
        return padTo(placed.reshape(channels, g.shape[0]!, rows, columns).transpose(1, 0, 2, 3), plane(x))
      const windows = placed.reshape(channels, ...kernel, g.shape[0]!, rows, columns)
      return assemble(windows.transpose(3, 0, 4, 1, 5, 2), plane(x))
    }
    const windows = kernelRows.matmul(g.reshape(g.shape[0]!, out, rows * columns)) // [batch, c·kh·kw, rows·columns]
    const placed = windows.reshape(g.shape[0]!, channels, ...kernel, rows, columns).transpose(0, 1, 4, 2, 5, 3)
    return assemble(placed, plane(x))
  }
  const { strides, pads } = attributes as { strides: number[]; pads: number[] }
  const opposite = pads.map((n, side) => kernel[side % 2]! - 1 - n)
  if (strides.every((n) => n === 1) && opposite.every((n) => n >= 0)) {
    return convolve(g, mirrored(w, g), { strides, pads: opposite })
  }
  // With a stride, the last rows or columns may be unread.
  const unread = plane(x).map((n, i) => (n + pads[i]! + pads[i + 2]! - kernel[i]!) % strides[i]!)
  return apply('ConvTranspose', [g, w], { strides, pads, output_padding: unread })
}

const convolve = (x: Tensor, w: Tensor, { strides, pads }: Attributes): Tensor =>
  apply('Conv', [x, w], { strides: strides!, pads: pads! })

/** One value per channel, broadcast over `[batch, c, h, w]`. */
const eachChannel = (p: Tensor): Tensor => p.reshape(1, -1, 1, 1)
const overPlanes = (x: Tensor): Tensor => x.sum([0, 2, 3], false)

export const convolution = {
  Conv: {
    infer([x, w], attributes) {
      if (x!.shape.length !== 4 || x!.shape[1] !== w!.shape[1]) {
        throw new ShapeError(`a kernel of ${showShape(w!.shape)} does not fit ${showShape(x!.shape)}`)
      }
      return [{ dtype: x!.dtype, shape: [x!.shape[0]!, w!.shape[0]!, ...slide(x!, plane(w!), attributes)] }]
    },
    gradient: ({ inputs: [x, w], attributes }, [g]) => [
      imageGradient(x!, w!, g!, attributes),
      kernelGradient(x!, g!, plane(w!), attributes),
    ],
  },
  /** The transposed convolution: with the same kernel, from the output's shape to the input's. */
  ConvTranspose: {
    infer([y, w], { strides, pads, output_padding }) {
      if (y!.shape.length !== 4 || y!.shape[1] !== w!.shape[0]) {
        throw new ShapeError(`a kernel of ${showShape(w!.shape)} does not fit ${showShape(y!.shape)}`)
      }
      const [s, p, extra] = [strides, pads, output_padding] as number[][]
      const size = plane(y!).map((n, i) => (n - 1) * s![i]! + plane(w!)[i]! - p![i]! - p![i + 2]! + extra![i]!)
      return [{ dtype: y!.dtype, shape: [y!.shape[0]!, w!.shape[1]!, ...size] }]
    },
    gradient: ({ inputs: [y, w], attributes }, [g]) => [
      convolve(g!, w!, attributes),
      kernelGradient(g!, y!, plane(w!), attributes),
    ],
  },
  /** In evaluation mode: `y = n · gain + bias` with `n = (x − mean) / √(var + ε)`. */
  BatchNormalization: {
    infer: ([x]) => [{ dtype: x!.dtype, shape: x!.shape }],
    // n′ = y′ · gain,  x′ = n′ / √(var + ε),  mean′ = −Σ x′,  var′ = −½ Σ x′ · (x − mean) / (var + ε)
    gradient({ inputs, attributes: { epsilon } }, [g]) {
      const [x, gain, , mean, variance] = inputs.map((p, i) => (i === 0 ? p : eachChannel(p))) as Tensor[]
      const power = variance!.add(epsilon as number)
      const centered = x!.sub(mean!)
      const dx = g!.mul(gain!.div(power.sqrt()))
      const dgain = overPlanes(g!.mul(centered.div(power.sqrt())))
      const dvariance = overPlanes(dx.mul(centered.div(power.mul(-2))))
      return [dx, dgain, overPlanes(g!), overPlanes(dx).neg(), dvariance]
    },
  },
  /**
   * In training mode, with the batch's statistics, which are the second and third output; `var` is the biased variance of
   * all n pixels. The last two inputs are scratch of this node, one value per channel: ONNX Runtime overwrites them.
   */
  BatchNormalizationTraining: {
    name: 'BatchNormalization',
    infer: ([x, gain, bias]) => [x!, gain!, bias!].map(({ dtype, shape }) => ({ dtype, shape })),
    // with m = (x − mean) / √(var + ε):  bias′ = Σ y′,  gain′ = Σ y′ m,  x′ = (y′ − (bias′ + m · gain′) / n) · gain / √(var + ε)
    // and through the statistics:  x′ += mean′ / n + 2 (x − mean) · var′ / n
    gradient(node, [g, dmean, dvariance]): Tensor[] {
      const {
        inputs: [x, gain],
        outputs: [, mean, variance],
        attributes: { epsilon },
      } = node
      const n = x!.count().div(knownDim(x!.shape, 1))
      const upstream = g ?? zerosLike(x!)
      const deviation = variance!.add(epsilon as number).sqrt()
      const slope = gain!.div(deviation)
      const centered = x!.sub(eachChannel(mean!))
      const [dgain, dbias] = [overPlanes(upstream.mul(centered)).div(deviation), overPlanes(upstream)]
      // The subtracted terms are another normalisation of x, with its own gain and bias.
      const normalize = (gain: Tensor, bias: Tensor): Tensor =>
        apply('BatchNormalization', [x!, gain, bias, mean!, variance!], { epsilon: epsilon! })
      let [slopeBack, back] = [slope.mul(dgain).div(n), slope.mul(dbias).div(n)]
      if (dmean) back = back.sub(dmean.div(n))
      if (dvariance) slopeBack = slopeBack.sub(dvariance.mul(deviation).mul(2).div(n))
      return [upstream.mul(eachChannel(slope)).sub(normalize(slopeBack, back)), dgain, dbias]
    },
    // ONNX mixes the statistics into running ones; with momentum 0 the result is the batch's statistics alone.
    onnx: ({ inputs, attributes: { epsilon } }) => ({
      inputs,
      attributes: { epsilon: epsilon!, training_mode: 1, momentum: 0 },
    }),
  },
  AveragePool: {
    infer: ([x], attributes) => [
      {
        dtype: x!.dtype,
        shape: [...x!.shape.slice(0, 2), ...slide(x!, attributes.kernel_shape as number[], attributes)],
      },
    ],
    // Each pixel of a window gets an equal share.
    gradient({ inputs: [x], attributes }, [g]) {
      const [kh, kw] = attributes.kernel_shape as Plane
      if (!tiles([kh, kw], attributes)) throw new ShapeError('AveragePool: no gradient for overlapping windows')
      const share: Tensor = apply('Resize', [g!.mul(1 / (kh * kw))], { times: [kh, kw] })
      return [padTo(share, plane(x!))]
    },
  },
  /** Repeats each pixel `times` in height and width. */
  Resize: {
    infer([x], { times }) {
      const size = plane(x!).map((n, i) => n * (times as Plane)[i]!)
      return [{ dtype: x!.dtype, shape: [...x!.shape.slice(0, 2), ...size] }]
    },
    gradient(node, [g]): Tensor[] {
      const times = node.attributes.times as Plane
      const kernel = { kernel_shape: times, strides: times, pads: [0, 0, 0, 0] }
      return [apply('AveragePool', [g!], kernel).mul(times[0] * times[1])]
    },
    onnx: ({ inputs: [x], attributes: { times } }) => ({
      inputs: [x!, undefined, { floats: [1, 1, ...(times as Plane)] }],
      attributes: { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' },
    }),
  },
} satisfies Record<string, Operator>
