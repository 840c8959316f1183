// Elementwise operators.

import { ShapeError } from '../../errors.ts'
import { type DType, isFloat, onnxType } from '../dtype.ts'
import { broadcast } from '../shape.ts'
import type { Tensor } from '../tensor.ts'
import type { Operator } from './operator.ts'

/** `y = f(x)`, and the loss's derivative by `x`, where `g` is the one by `y`. */
const unary = (gradient: (g: Tensor, at: { x: Tensor; y: Tensor }) => Tensor | undefined): Operator => ({
  elementwise: true,
  infer: ([x]) => [{ dtype: x!.dtype, shape: x!.shape }],
  gradient: ({ inputs: [x], outputs: [y] }, [g]) => [gradient(g!, { x: x!, y: y! })],
})

/** `y = f(a, b)` with broadcasting, and the loss's derivatives by `a` and `b`, where `g` is the one by `y`. */
const binary = (gradient: (g: Tensor, at: { a: Tensor; b: Tensor; y: Tensor }) => readonly Tensor[]): Operator => ({
  elementwise: true,
  infer([a, b]) {
    if (a!.dtype !== b!.dtype) throw new ShapeError(`${a} and ${b}: element types differ; cast one of them`)
    return [{ dtype: a!.dtype, shape: broadcast(a!.shape, b!.shape) }]
  },
  gradient: ({ inputs: [a, b], outputs: [y] }, [g]) => gradient(g!, { a: a!, b: b!, y: y! }),
})

export const arithmetic = {
  Add: binary((g) => [g, g]),
  Sub: binary((g) => [g, g.neg()]),
  Mul: binary((g, { a, b }) => [g.mul(b), g.mul(a)]),
  Div: binary((g, { b, y }) => [g.div(b), g.mul(y).div(b).neg()]),
  Neg: unary((g) => g.neg()),
  Exp: unary((g, { y }) => g.mul(y)),
  Log: unary((g, { x }) => g.div(x)),
  Sqrt: unary((g, { y }) => g.div(y.mul(2))),
  // erf′ = 2/√π · exp(−x²)
  Erf: unary((g, { x }) =>
    g.mul(
      x
        .mul(x)
        .neg()
        .exp()
        .mul(2 / Math.sqrt(Math.PI)),
    ),
  ),
  // tanh′ = 1 − tanh²
  Tanh: unary((g, { y }) => g.sub(g.mul(y).mul(y))),
  // σ′ = σ − σ². Every product includes y′: a term of y alone would be computed early and kept in memory.
  Sigmoid: unary((g, { y }) => {
    const dy = g.mul(y)
    return dy.sub(dy.mul(y))
  }),
  // log(1 + exp x), whose derivative is σ
  Softplus: unary((g, { x }) => g.mul(x.sigmoid())),
  // relu′ = 1 where x > 0, else 0
  Relu: unary((g, { y }) => g.mul(y.greater(0).cast(y.dtype))),
  // (x · Φ)′ = Φ + x · φ, with the normal distribution Φ = ½ (1 + erf(x/√2)) and its density φ = exp(−½x²)/√(2π)
  Gelu: unary((g, at) => {
    const x = at.x.sequencedAfter(g)
    const normal = x.mul(Math.SQRT1_2).erf().mul(0.5).add(0.5)
    const density = x
      .mul(x)
      .mul(-0.5)
      .exp()
      .mul(1 / Math.sqrt(2 * Math.PI))
    return g.mul(normal.add(x.mul(density)))
  }),
  Sign: unary(() => undefined),
  /** Bool, without a derivative. */
  Greater: {
    elementwise: true,
    infer: ([a, b]) => [{ dtype: 'bool', shape: broadcast(a!.shape, b!.shape) }],
    gradient: (): Tensor[] => [],
  },
  // y = x · σ(u) with u = αx:  x′ = y′ · (σ + u · (σ − σ²)) = σ · (y′ + (y′u − y′uσ))
  QuickGelu: {
    domain: 'com.microsoft',
    elementwise: true,
    infer: ([x]) => [{ dtype: x!.dtype, shape: x!.shape }],
    gradient({ inputs: [x], attributes: { alpha } }, [g]): Tensor[] {
      const u = x!.sequencedAfter(g!).mul(alpha as number)
      const share = u.sigmoid()
      const along = g!.mul(u)
      return [share.mul(g!.add(along.sub(along.mul(share))))]
    },
  },
  Cast: {
    infer: ([x], { dtype }) => [{ dtype: dtype as DType, shape: x!.shape }],
    gradient: ({ inputs: [x] }, [g]) => [isFloat(x!.dtype) && isFloat(g!.dtype) ? g!.cast(x!.dtype) : undefined],
    onnx: ({ inputs, attributes: { dtype } }) => ({ inputs, attributes: { to: onnxType(dtype as DType) } }),
  },
} satisfies Record<string, Operator>
