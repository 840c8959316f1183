// Operators that bring many numbers together: products, sums, softmax, normalisation.
// In formulas, x′ is the loss's derivative by x.

import { ShapeError } from '../../errors.ts'
import { axisOf, broadcast, type Shape, showShape } from '../shape.ts'
import type { Attribute, Node, Tensor } from '../tensor.ts'
import type { Operator } from './operator.ts'

function reducedShape(x: Tensor, axes: Attribute | undefined, keep: boolean): Shape {
  const gone = new Set((axes as number[]).map((axis) => axisOf(axis, x.shape.length)))
  return keep ? x.shape.map((dim, i) => (gone.has(i) ? 1 : dim)) : x.shape.filter((_, i) => !gone.has(i))
}

/** A value for each group that was brought together, with the axes that went as 1 again. */
const restored = (y: Tensor, { inputs: [x], attributes: { axes } }: Node): Tensor =>
  y.reshape(...reducedShape(x!, axes, true))

const reduce = (gradient: (g: Tensor, at: { x: Tensor; y: Tensor; axes: number[] }) => Tensor): Operator => ({
  infer: ([x], { axes, keepdims }) => [{ dtype: x!.dtype, shape: reducedShape(x!, axes, keepdims === 1) }],
  gradient: (node, [g]) => {
    const { inputs, outputs, attributes } = node
    const at = { x: inputs[0]!, y: restored(outputs[0]!, node), axes: attributes.axes as number[] }
    return [gradient(restored(g!, node), at)]
  },
  onnx: ({ inputs, attributes: { axes, keepdims } }) => ({
    inputs: [inputs[0]!, axes as number[]],
    attributes: { keepdims: keepdims! },
  }),
})

/**
 * All rows of all matrices under each other: `[…, n, k] → […·n, k]`. One large product is twice as fast as a product for
 * each matrix and their sum.
 */
const rows = (x: Tensor): Tensor => (x.shape.length === 2 ? x : x.reshape(-1, x.shape.at(-1)!))

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
    // Y = A B:  A′ = Y′ Bᵀ,  B′ = Aᵀ Y′
    gradient({ inputs: [a, b] }, [g]) {
      const ofB = b!.shape.length === 2 ? rows(a!).transposedMatmul(rows(g!)) : a!.transpose().matmul(g!)
      return [b!.shape.length === 2 ? g!.matmulTransposed(b!) : g!.matmul(b!.transpose()), ofB]
    },
  },
  // ONNX Runtime's own, for `x Wᵀ` and, of two matrices, `xᵀ w`: a stored weight is packed straight from its file, where a Transpose of it would first
  // be folded into a second copy (half the start-up time of a text tower went there).
  FusedMatMul: {
    domain: 'com.microsoft',
    infer([x, w], { transA }) {
      if (transA) {
        const [[rows, n], [sameRows, m]] = [x!.shape, w!.shape]
        if (x!.shape.length !== 2 || w!.shape.length !== 2 || rows !== sameRows) {
          throw new ShapeError(`${showShape(x!.shape)}ᵀ × ${showShape(w!.shape)}: rows ${rows} and ${sameRows} differ`)
        }
        return [{ dtype: x!.dtype, shape: [n!, m!] }]
      }
      const [k, inner] = [x!.shape.at(-1), w!.shape.at(-1)]
      if (w!.shape.length !== 2 || k !== inner) {
        throw new ShapeError(
          `${showShape(x!.shape)} × ${showShape(w!.shape)}ᵀ: inner dimensions ${k} and ${inner} differ`,
        )
      }
      return [{ dtype: x!.dtype, shape: [...x!.shape.slice(0, -1), w!.shape[0]!] }]
    },
    // Y = X Wᵀ:  X′ = Y′ W,  W′ = Y′ᵀ X.    Y = Xᵀ W:  X′ = W Y′ᵀ,  W′ = X Y′
    gradient: ({ inputs: [x, w], attributes: { transA } }, [g]) =>
      transA ? [w!.matmulTransposed(g!), x!.matmul(g!)] : [g!.matmul(w!), rows(g!).transposedMatmul(rows(x!))],
  },
  ReduceSum: reduce((g) => g),
  ReduceMean: reduce((g, { x, y }) => g.mul(y.count().div(x.count()))),
  // y = log Σ exp x:  x′ = y′ · exp(x − y), the softmax; its sum brought to 1 again, since y is rounded at its own size
  ReduceLogSumExp: reduce((g, { x, y, axes }) => {
    const shares = x.sub(y).exp()
    return g.mul(shares.div(shares.sum(axes)))
  }),
  Softmax: {
    infer: ([x]) => [{ dtype: x!.dtype, shape: x!.shape }],
    // x′ = y · (y′ − Σ y′ y)
    gradient({ outputs: [y], attributes: { axis } }, [g]) {
      const weighted = g!.mul(y!)
      return [weighted.sub(y!.mul(weighted.sum([axis as number])))]
    },
  },
  /** The place of the largest along an axis, the first of equals, int64; that axis goes. A place has no derivative. */
  ArgMax: {
    infer: ([x], { axis }) => [{ dtype: 'int64', shape: reducedShape(x!, [axis as number], false) }],
    gradient: () => [],
  },
  /** How many elements there are, int64. */
  Size: {
    infer: () => [{ dtype: 'int64', shape: [] }],
    gradient: () => [],
  },
  LayerNormalization: {
    infer([x, gain, bias]) {
      for (const p of [gain, bias]) {
        if (p!.shape.length !== 1 || p!.shape[0] !== x!.shape.at(-1)) {
          throw new ShapeError(`normalises ${showShape(x!.shape)} with a parameter of shape ${showShape(p!.shape)}`)
        }
      }
      return [{ dtype: x!.dtype, shape: x!.shape }]
    },
    // n = (x − μ)/σ,  y = n · gain + bias:  n′ = y′ · gain,  x′ = (n′ − mean n′ − n · mean(n′ n)) / σ
    gradient({ inputs: [x, gain], attributes: { epsilon } }, [g]) {
      const centered = x!.sub(x!.mean([-1]))
      const deviation = centered
        .mul(centered)
        .mean([-1])
        .add(epsilon as number)
        .sqrt()
      const n = centered.div(deviation)
      const dn = g!.mul(gain!)
      const dx = dn
        .sub(dn.mean([-1]))
        .sub(n.mul(dn.mul(n).mean([-1])))
        .div(deviation)
      return [dx, g!.mul(n), g!]
    },
  },
} satisfies Record<string, Operator>
