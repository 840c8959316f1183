/**
 * `typeclip/inspect`: look into a forward pass, and explain why an image and a text match.
 *
 * {@includeCode ../../examples/relevance.ts}
 *
 * @module typeclip/inspect
 */

export { printGraph } from '../graph/print.ts'
export type { Tensor } from '../graph/tensor.ts'
export { bilinear } from './bilinear.ts'
export {
  createExplainer,
  type Explainer,
  type ImageRelevance,
  type Relevance,
  relevance,
  type TextRelevance,
} from './explainer.ts'
export { type ImagePass, imageGraph } from './image-pass.ts'
export { type InspectInputs, type Inspection, inspect, type Similarity } from './inspect.ts'
export type { RelevanceOptions } from './relevance.ts'
export { type Attention, meanOverHeads, type Pass, type Stage } from './stages.ts'
export type { Statistics } from './statistics.ts'
export { type TextPass, type Token, textGraph } from './text-pass.ts'
