/**
 * `typeclip/graph`: build a graph of your own, over a model's parameters or without a model, differentiate it and run it.
 *
 * {@includeCode ../../examples/own-graph.ts}
 *
 * @module typeclip/graph
 */

export { Tensor as Value } from 'onnxruntime-common'
export type { DType } from '../graph/dtype.ts'
export { gradients } from '../graph/gradient.ts'
export { type Graph, type OnnxModel, toOnnx } from '../graph/onnx.ts'
export type { OperatorName } from '../graph/operators/index.ts'
export { printGraph } from '../graph/print.ts'
export type { BlockOf } from '../graph/recompute.ts'
export { collectStages, layer, stage } from '../graph/scope.ts'
export type { Dim, Shape } from '../graph/shape.ts'
export {
  type Attribute,
  apply,
  concat,
  constant,
  type Data,
  input,
  type Node,
  type Origin,
  Tensor,
  weight,
} from '../graph/tensor.ts'
export { clipLogits, encodeImage, encodeText } from '../model/clip.ts'
export type { Parameters } from '../model/parameters.ts'
export type { TextInputs } from '../model/text-transformer.ts'
export type { TowerOptions } from '../model/towers.ts'
export type { Device } from '../runtime/devices.ts'
export { createRuntime, type RuntimeOptions } from '../runtime/onnxruntime.node.ts'
export type { CompileOptions, Program, Runtime } from '../runtime/runtime.ts'
