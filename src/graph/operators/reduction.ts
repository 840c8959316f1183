// Operators that reduce: products, sums, softmax, normalisation.
// In formulas, x′ is the loss's derivative by x.

import { ShapeError } from '../../errors.ts'
import { axisOf, broadcast, type Shape, showShape } from '../shape.ts'
import type { Attribute, Node, Tensor } from '../tensor.ts'
import type { Operator } from './operator.ts'

function reducedShape(x: Tensor, axes: Attribute | undefined, keep: boolean): Shape {
  const gone = new Set((axes as number[]).map((axis) => axisOf(axis, x.shape.length)))
  return keep ? x.shape.map((dim, i) => (gone.has(i) ? 1 : dim)) : x.shape.filter((_, i) => !gone.has(i))
}

/** A reduced value with the reduced axes restored as 1. */
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

/** Stacks the rows of all matrices: `[…, n, k] → […·n, k]`. One large product is twice as fast as the sum of many. */
const rows = (x: Tensor): Tensor => (x.shape.length === 2 ? x : x.reshape(-1, x.shape.at(-1)!))

/** The last two axes swapped. */
const transposed = (shape: Shape): Shape => [...shape.slice(0, -2), ...shape.slice(-2).reverse()]

/** `[…, n, k] × […, k, m] → […, n, m]`. A mark `ᵀ` means that the operand was transposed; errors show it as it was. */
function productShape(a: Shape, b: Shape, [markA, markB] = ['', '']): Shape {
  const [n, k] = a.slice(-2)
  const [inner, m] = b.slice(-2)
  if (a.length < 2 || b.length < 2 || k !== inner) {
    const [shownA, shownB] = [markA ? transposed(a) : a, markB ? transposed(b) : b].map(showShape)
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
  // ONNX Runtime's own operator, for `x Wᵀ` and `xᵀ w`. A stored weight is packed straight from its file; a Transpose of it
  // would first be folded into a copy, which took half the start-up time of a text encoder, and transposing keys is slow.
  FusedMatMul: {
    domain: 'com.microsoft',
    infer([x, w], { transA }) {
      const [a, b] = [transA ? transposed(x!.shape) : x!.shape, transA ? w!.shape : transposed(w!.shape)]
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
  // y = log Σ exp x:  x′ = y′ · exp(x − y), the softmax, rescaled to sum to 1, since a large y is rounded coarsely
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
  /** Index of the largest value along an axis, the first of equals, int64; the axis is removed. No derivative. */
  ArgMax: {
    infer: ([x], { axis }) => [{ dtype: 'int64', shape: reducedShape(x!, [axis as number], false) }],
    gradient: () => [],
  },
  /** The number of elements, int64. */
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
