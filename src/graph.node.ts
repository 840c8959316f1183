/**
 * `typeclip/graph`: build a graph of your own, over a model's parameters or without a model, differentiate it and run it.
 *
 * {@includeCode ../examples/own-graph.ts}
 *
 * @module typeclip/graph
 */

export { Tensor as Value } from 'onnxruntime-common'
export { gradients } from './graph/gradient.ts'
export { type Graph, type OnnxModel, toOnnx } from './graph/onnx.ts'
export { printGraph } from './graph/print.ts'
export { collectStages, layer, stage } from './graph/scope.ts'
export type { Dim, Shape } from './graph/shape.ts'
export { apply, concat, constant, input, Tensor, weight } from './graph/tensor.ts'
export { encodeImage, encodeText } from './model/clip.ts'
export { createRuntime, type RuntimeOptions } from './runtime/onnxruntime.node.ts'
export type { Program, Runtime } from './runtime/runtime.ts'
