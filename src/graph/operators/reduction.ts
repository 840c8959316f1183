// Operators that bring many numbers together: products, sums, softmax, normalisation.

import { ShapeError } from '../../errors.ts'
import { axisOf, broadcast, type Shape, showShape } from '../shape.ts'
import type { Attribute, Tensor } from '../tensor.ts'
import type { Operator } from './operator.ts'

const same: Operator = { infer: ([x]) => [{ dtype: x!.dtype, shape: x!.shape }] }

function reducedShape(x: Tensor, axes: Attribute | undefined, keep: boolean): Shape {
  const gone = new Set((axes as number[]).map((axis) => axisOf(axis, x.shape.length)))
  return keep ? x.shape.map((dim, i) => (gone.has(i) ? 1 : dim)) : x.shape.filter((_, i) => !gone.has(i))
}

const reduce: Operator = {
  infer: ([x], { axes, keepdims }) => [{ dtype: x!.dtype, shape: reducedShape(x!, axes, keepdims === 1) }],
  onnx: ({ inputs, attributes: { axes, keepdims } }) => ({
    inputs: [inputs[0]!, axes as number[]],
    attributes: { keepdims: keepdims! },
  }),
}

export const reduction = {
  MatMul: {
    infer([a, b]) {
      const [n, k] = a!.shape.slice(-2)
      const [inner, m] = b!.shape.slice(-2)
      if (a!.shape.length < 2 || b!.shape.length < 2 || k !== inner) {
        throw new ShapeError(
          `${showShape(a!.shape)} × ${showShape(b!.shape)}: inner dimensions ${k} and ${inner} differ`,
        )
      }
      return [{ dtype: a!.dtype, shape: [...broadcast(a!.shape.slice(0, -2), b!.shape.slice(0, -2)), n!, m!] }]
    },
  },
  // ONNX Runtime's own, for `x Wᵀ`: a stored weight is packed straight from its file, where a Transpose of it would first
  // be folded into a second copy (half the start-up time of a text tower went there).
  FusedMatMul: {
    domain: 'com.microsoft',
    infer([x, w]) {
      const [k, inner] = [x!.shape.at(-1), w!.shape.at(-1)]
      if (w!.shape.length !== 2 || k !== inner) {
        throw new ShapeError(
          `${showShape(x!.shape)} × ${showShape(w!.shape)}ᵀ: inner dimensions ${k} and ${inner} differ`,
        )
      }
      return [{ dtype: x!.dtype, shape: [...x!.shape.slice(0, -1), w!.shape[0]!] }]
    },
  },
  ReduceSum: reduce,
  ReduceMean: reduce,
  Softmax: same,
  LayerNormalization: {
    infer([x, gain, bias]) {
      for (const p of [gain, bias]) {
        if (p!.shape.length !== 1 || p!.shape[0] !== x!.shape.at(-1)) {
          throw new ShapeError(`normalises ${showShape(x!.shape)} with a parameter of shape ${showShape(p!.shape)}`)
        }
      }
      return [{ dtype: x!.dtype, shape: x!.shape }]
    },
  },
} satisfies Record<string, Operator>
