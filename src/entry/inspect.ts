/**
 * `typeclip/inspect`: look into a forward pass, and explain why an image and a text match.
 *
 * {@includeCode ../../examples/relevance.ts}
 *
 * @module typeclip/inspect
 */

export { printGraph } from '../graph/print.ts'
export type { Tensor } from '../graph/tensor.ts'
export { bilinear } from '../inspect/bilinear.ts'
export {
  createExplainer,
  type Explainer,
  type ImageRelevance,
  type Relevance,
  relevance,
  type TextRelevance,
} from '../inspect/explainer.ts'
export { type ImagePass, imageGraph } from '../inspect/image-pass.ts'
export { type InspectInputs, type Inspection, inspect, type Similarity } from '../inspect/inspect.ts'
export type { RelevanceOptions } from '../inspect/relevance.ts'
export { type Attention, meanOverHeads, type Pass, type Stage } from '../inspect/stages.ts'
export type { Statistics } from '../inspect/statistics.ts'
export { type TextPass, type Token, textGraph } from '../inspect/text-pass.ts'
