// The public names of `typeclip/finetune`: labelled pictures and a model in, a model in a folder out.

export type { Skipped } from './data/sample.ts'
export { type Adapter, type AdapterTensor, readAdapter, writeAdapter } from './finetune/adapter.node.ts'
export { augmentedViews, viewAugmentation } from './finetune/augmented-views.node.ts'
export { classPrompts } from './finetune/class-prompts.ts'
export { classificationHead } from './finetune/classification-head.ts'
export {
  type Context,
  contextLengthFor,
  createPromptLearner,
  namePrompts,
  type PromptedModel,
  type PromptLearner,
} from './finetune/coop.ts'
export {
  type CoopState,
  coopRecipe,
  drawnContext,
  type TrainContextOptions,
  trainContext,
} from './finetune/coop-training.ts'
export { type CachedFeatures, cachedFeatures } from './finetune/features.node.ts'
export { fewShot, heldOutTenth, withPrompts } from './finetune/few-shot.ts'
export {
  type FinetuneEvent,
  type FinetuneOptions,
  type FinetuneResult,
  finetune,
} from './finetune/finetune.node.ts'
export { flypAdaptation } from './finetune/flyp.node.ts'
export { fullAdaptation } from './finetune/full.node.ts'
export { layerDecay } from './finetune/layer-decay.ts'
export { litAdaptation } from './finetune/lit.node.ts'
export { loraAdaptation } from './finetune/lora.node.ts'
export {
  type LoraOptions,
  type LoraScaling,
  type LoraTarget,
  loraDefaults,
  loraScale,
  loraTargets,
  type Tower,
  withLora,
} from './finetune/lora.ts'
export { mergeAdapter, unmergeAdapter, writeMerged } from './finetune/merged.node.ts'
export type { FinetuneSettings, Method, MethodEvent, MethodProgress, Task } from './finetune/method.ts'
export { type MethodName, methods } from './finetune/methods.node.ts'
export { cacheOf, createTipAdapter, type TipAdapter } from './finetune/tip-adapter.ts'
export { keysRecipe, type TrainKeysOptions, trainKeys } from './finetune/tip-adapter-keys.ts'
export { type Grid, grid, type Searched, searchAlphaBeta } from './finetune/tip-adapter-search.ts'
export { type UnitFeatures, unitFeatures } from './finetune/unit-features.ts'
export { type CurvePoint, interpolate, writeInterpolated } from './finetune/wise-ft.node.ts'
export { type InitialModel, openInitialModel } from './training/initial-model.node.ts'
export { writeModel } from './training/saved-model.node.ts'
