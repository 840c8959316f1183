/**
 * `typeclip/finetune`: labelled images and a model in, a model in a folder out.
 *
 * {@includeCode ../examples/finetune-linear-probe.ts}
 *
 * {@includeCode ../examples/finetune-tip-adapter-f.ts}
 *
 * {@includeCode ../examples/finetune-lora.ts}
 *
 * {@includeCode ../examples/finetune-wise-ft.ts}
 *
 * @module typeclip/finetune
 */

export type { DownloadOptions } from './checkpoint/download.node.ts'
export type { RetryOptions } from './checkpoint/fetch-retry.node.ts'
export type { Source } from './data/sample.ts'
export type { LabelledFeatures, SampleOptions } from './evaluate/embed-samples.ts'
export type { ClassificationResult } from './evaluate/evaluate-classifier.ts'
export { type Adapter, type AdapterTensor, readAdapter, writeAdapter } from './finetune/adapter.node.ts'
export { augmentedViews, viewAugmentation } from './finetune/augmented-views.node.ts'
export { classPrompts, type FrozenTowers } from './finetune/class-prompts.ts'
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
  type Accuracy,
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
export { cacheOf, createTipAdapter, type Terms, type TipAdapter } from './finetune/tip-adapter.ts'
export { keysRecipe, type TrainKeysOptions, trainKeys } from './finetune/tip-adapter-keys.ts'
export { type Grid, grid, type Searched, searchAlphaBeta } from './finetune/tip-adapter-search.ts'
export { type UnitFeatures, unitFeatures } from './finetune/unit-features.ts'
export { type CurvePoint, interpolate, writeInterpolated } from './finetune/wise-ft.node.ts'
export type { Augmentation } from './image/augment.ts'
export type { Lookup } from './model/parameters.ts'
export type { Objective } from './objectives/objective.ts'
export type { Runtime } from './runtime/runtime.ts'
export type { Adaptation, Values } from './training/adaptation.ts'
export type { Progress } from './training/checkpoint.node.ts'
export { type InitialModel, openInitialModel } from './training/initial-model.node.ts'
export { type Saved, writeModel } from './training/saved-model.node.ts'
export type { TrainEvent, TrainOptions } from './training/train.node.ts'
export type { KeyValueCache } from './zero-shot/key-value-cache.ts'
