// typeclip/inspect: every public name.

export { printGraph } from '../graph/print.ts'
export { type ImagePass, imageGraph } from './image-pass.ts'
export { type InspectInputs, type Inspection, inspect, type Similarity } from './inspect.ts'
export { type Attention, meanOverHeads, type Pass, type Stage } from './stages.ts'
export type { Statistics } from './statistics.ts'
export { type TextPass, type Token, textGraph } from './text-pass.ts'
