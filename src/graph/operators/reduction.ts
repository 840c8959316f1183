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

/** Of the last two axes. */
const turned = (shape: Shape): Shape => [...shape.slice(0, -2), ...shape.slice(-2).reverse()]

/** `[…, n, k] × […, k, m] → […, n, m]`; a mark says which of the two is shown as it was before it was turned. */
function productShape(a: Shape, b: Shape, [markA, markB] = ['', '']): Shape {
  const [n, k] = a.slice(-2)
  const [inner, m] = b.slice(-2)
  if (a.length < 2 || b.length < 2 || k !== inner) {
    const [shownA, shownB] = [markA ? turned(a) : a, markB ? turned(b) : b].map(showShape)
    throw new ShapeError(`${shownA}${markA} × ${shownB}${markB}: inner dimensions ${k} and ${inner} differ`)
  }
  return [...broadcast(a.slice(0, -2), b.slice(0, -2)), n!, m!]
}

export const reduction = {
  MatMul: {
    infer: ([a, b]) => [{ dtype: a!.dtype, shape: productShape(a!.shape, b!.shape) }],
    // Y = A B:  A′ = Y′ Bᵀ,  B′ = Aᵀ Y′
    gradient({ inputs: [a, b] }, [g]) {
      return [
        g!.matmulTransposed(b!),
        b!.shape.length === 2 ? rows(a!).transposedMatmul(rows(g!)) : a!.transposedMatmul(g!),
      ]
    },
  },
  // ONNX Runtime's own, for `x Wᵀ` and `xᵀ w`: a stored weight is packed straight from its file, where a Transpose of it would
  // first be folded into a second copy (half the start-up time of a text tower went there), and that of keys is slow.
  FusedMatMul: {
    domain: 'com.microsoft',
    infer([x, w], { transA }) {
      const [a, b] = [transA ? turned(x!.shape) : x!.shape, transA ? w!.shape : turned(w!.shape)]
      return [{ dtype: x!.dtype, shape: productShape(a, b, transA ? ['ᵀ', ''] : ['', 'ᵀ']) }]
    },
    // Y = X Wᵀ:  X′ = Y′ W,  W′ = Y′ᵀ X.    Y = Xᵀ W:  X′ = W Y′ᵀ,  W′ = X Y′
    gradient({ inputs: [x, w], attributes: { transA } }, [g]) {
      if (transA) return [w!.matmulTransposed(g!), x!.matmul(g!)]
      return [g!.matmul(w!), w!.shape.length === 2 ? rows(g!).transposedMatmul(rows(x!)) : g!.transposedMatmul(x!)]
    },
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
