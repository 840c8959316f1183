// Operators that work element by element.

import { ShapeError } from '../../errors.ts'
import { type DType, onnxType } from '../dtype.ts'
import { broadcast } from '../shape.ts'
import type { Operator } from './operator.ts'

const unary: Operator = { infer: ([x]) => [{ dtype: x!.dtype, shape: x!.shape }] }

const binary: Operator = {
  infer([a, b]) {
    if (a!.dtype !== b!.dtype) throw new ShapeError(`${a} and ${b}: element types differ; cast one of them`)
    return [{ dtype: a!.dtype, shape: broadcast(a!.shape, b!.shape) }]
  },
}

export const arithmetic = {
  Add: binary,
  Sub: binary,
  Mul: binary,
  Div: binary,
  Neg: unary,
  Exp: unary,
  Log: unary,
  Sqrt: unary,
  Erf: unary,
  Tanh: unary,
  Sigmoid: unary,
  Relu: unary,
  Gelu: unary,
  Cast: {
    infer: ([x], { dtype }) => [{ dtype: dtype as DType, shape: x!.shape }],
    onnx: ({ inputs, attributes: { dtype } }) => ({ inputs, attributes: { to: onnxType(dtype as DType) } }),
  },
} satisfies Record<string, Operator>
