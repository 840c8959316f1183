/**
 * `typeclip/finetune`: labelled images and a model in, a model in a folder out.
 *
 * {@includeCode ../../examples/finetune-linear-probe.ts}
 *
 * {@includeCode ../../examples/finetune-tip-adapter-f.ts}
 *
 * {@includeCode ../../examples/finetune-lora.ts}
 *
 * {@includeCode ../../examples/finetune-wise-ft.ts}
 *
 * @module typeclip/finetune
 */

export type { DataInput } from '../data/given.node.ts'
export type { Skipped, Source } from '../data/sample.ts'
export type { DownloadOptions } from '../download/hub.node.ts'
export type { RetryOptions } from '../download/retry.node.ts'
export type { LabelledFeatures, SampleOptions } from '../evaluate/embed-samples.ts'
export type { ClassificationResult } from '../evaluate/evaluate-classifier.node.ts'
export {
  type Context,
  contextLengthFor,
  createPromptLearner,
  namePrompts,
  type PromptedModel,
  type PromptLearner,
} from '../finetune/coop/coop.ts'
export type { CoopOptions } from '../finetune/coop/method.node.ts'
export {
  type CoopState,
  coopRecipe,
  drawnContext,
  type TrainContextOptions,
  trainContext,
} from '../finetune/coop/sgd.ts'
export { cachedFeatures, type FeatureEncoder } from '../finetune/features.node.ts'
export { fewShot, heldOutTenth, withPrompts } from '../finetune/few-shot.ts'
export {
  type Accuracy,
  type FinetuneEvent,
  type FinetuneOptions,
  type FinetuneResult,
  finetune,
} from '../finetune/finetune.node.ts'
export { classificationHead } from '../finetune/head/classification-head.ts'
export { fullAdaptation } from '../finetune/head/full.node.ts'
export {
  type CurvePoint,
  interpolateWeights,
  type WiseFtOptions,
  writeInterpolated,
} from '../finetune/head/wise-ft.node.ts'
export { layerDecay } from '../finetune/layer-decay.ts'
export {
  type LoraOptions,
  type LoraScaling,
  type LoraTarget,
  loraDefaults,
  loraScale,
  loraTargets,
  type Tower,
  withLora,
} from '../finetune/lora/lora.ts'
export { mergeAdapter, unmergeAdapter, writeMerged } from '../finetune/lora/merge.node.ts'
export { type LoraMethodOptions, loraAdaptation } from '../finetune/lora/method.node.ts'
export { type Adapter, type AdapterTensor, readAdapter, writeAdapter } from '../finetune/lora/peft.node.ts'
export type { Method, MethodEvent, MethodProgress, MethodRun, Task } from '../finetune/method.ts'
export {
  finetuneMethods,
  type MethodName,
  type MethodOptions,
  optionsOf as methodOptions,
} from '../finetune/methods.node.ts'
export type {
  AugmentOption,
  CommonOptions,
  EpochOptions,
  LoopOptions,
  MethodOption,
  OptionTable,
  RecomputeOption,
} from '../finetune/options.ts'
export { classPrompts, type FrozenTowers } from '../finetune/prompts/class-prompts.ts'
export { flypAdaptation } from '../finetune/prompts/flyp.node.ts'
export { litAdaptation } from '../finetune/prompts/lit.node.ts'
export { augmentedViews, viewAugmentation } from '../finetune/tip-adapter/augmented-views.node.ts'
export { keysRecipe, type TrainKeysOptions, trainKeys } from '../finetune/tip-adapter/keys.ts'
export { type Grid, grid as alphaBetaGrid, type Searched, searchAlphaBeta } from '../finetune/tip-adapter/search.ts'
export {
  cacheOf as keyValueCache,
  createTipAdapter,
  type Terms,
  type TipAdapter,
} from '../finetune/tip-adapter/tip-adapter.ts'
export { type UnitFeatures, unitFeatures } from '../finetune/unit-features.ts'
export type { Augmentation } from '../image/augment.ts'
export type { Lookup } from '../model/parameters.ts'
export type { Objective } from '../objectives/objective.ts'
export type { Runtime } from '../runtime/runtime.ts'
export type { Adaptation, InitialValues, Values } from '../training/adaptation.ts'
export { type InitialModel, openInitialModel } from '../training/initial-model.node.ts'
export type { Progress } from '../training/run/checkpoint.node.ts'
export { type Saved, writeModel } from '../training/run/saved-model.node.ts'
export type { EndReason, OpenOptions, RunOptions, TrainEvent } from '../training/train-options.ts'
export type { KeyValueCache } from '../zero-shot/key-value-cache.ts'
