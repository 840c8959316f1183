// A row of the operator table: shape rule, gradient rule, and how ONNX writes the operator.

import type { DType } from '../dtype.ts'
import type { Shape } from '../shape.ts'
import type { Attribute, Node, Tensor } from '../tensor.ts'

export interface Signature {
  dtype: DType
  shape: Shape
}

/** An input as ONNX takes it: a tensor, int64 or float32 values, the shape of a tensor (ordered after another one), or nothing. */
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
   * The loss's derivative by each input, given its derivative by each output, as more graph. Undefined means zero.
   * A derivative may have the broadcast shape, which `gradients` sums back, or one that can still be broadcast.
   */
  gradient?(node: Node, outputs: readonly (Tensor | undefined)[]): readonly (Tensor | undefined)[]
  /** Elementwise: its rule accepts a derivative that is not broadcast yet. */
  elementwise?: true
  /** Inputs and attributes in ONNX. Default: the node's own. */
  onnx?(node: Node): { inputs: readonly OnnxInput[]; attributes: Readonly<Record<string, Attribute>> }
  /** The operator's name in ONNX. Default: the row's. One ONNX operator may have several rows. */
  name?: string
  /** The domain of operators outside ONNX's own set. */
  domain?: 'com.microsoft'
}
