// What a row of the operator table says.

import type { DType } from '../dtype.ts'
import type { Shape } from '../shape.ts'
import type { Attribute, Node, Tensor } from '../tensor.ts'

export interface Signature {
  dtype: DType
  shape: Shape
}

/** An input as ONNX wants it: a tensor, int64 or float32 values, the shape of a tensor (once another one is there), or nothing. */
export type OnnxInput =
  | Tensor
  | readonly number[]
  | { floats: readonly number[] }
  | { shapeOf: Tensor; after?: Tensor }
  | undefined

export interface Operator {
  /** Types and shapes of the outputs, or a `ShapeError`. */
  infer(inputs: readonly Tensor[], attributes: Readonly<Record<string, Attribute>>): readonly Signature[]
  /**
   * The loss's derivative by each input, given its derivative by each output, as more graph. Undefined stands for zero.
   * A rule may return the shape that broadcasting made, which the walk sums back, or one that is yet to be broadcast.
   */
  gradient?(node: Node, outputs: readonly (Tensor | undefined)[]): readonly (Tensor | undefined)[]
  /** Works element by element, so that a gradient that is yet to be broadcast serves its rule as it is. */
  elementwise?: true
  /** How ONNX writes it, where that is not the same inputs and attributes. */
  onnx?(node: Node): { inputs: readonly OnnxInput[]; attributes: Readonly<Record<string, Attribute>> }
  /** ONNX's own name, where the row's is another: one operator there may be several here. */
  name?: string
  /** Operators outside ONNX's own set name their domain. */
  domain?: 'com.microsoft'
}
