/**
 * `typeclip/training`: data in, a trained model in a folder out.
 *
 * {@includeCode ../../examples/train-from-scratch.ts}
 *
 * @module typeclip/training
 */

export { type Batch as ImageBatch, type BatchesOptions, batches, type Cursor } from '../data/batches.node.ts'
export { combine as combineSources } from '../data/combine.ts'
export type { FolderOptions } from '../data/folder.node.ts'
export type { DataInput } from '../data/given.node.ts'
export { holdOut } from '../data/held-out.ts'
export { openSource, type SourceOptions } from '../data/open.node.ts'
export type { Order, Sample, Skipped, Source } from '../data/sample.ts'
export type { ShardBytesOptions } from '../data/shard-bytes.node.ts'
export type { WebDatasetOptions } from '../data/shard-samples.node.ts'
export type { TableOptions } from '../data/table-rows.node.ts'
export type { DownloadOptions } from '../download/hub.node.ts'
export type { RetryOptions } from '../download/retry.node.ts'
export { TrainingError } from '../errors.ts'
export type { Tensor } from '../graph/tensor.ts'
export type { Augmentation, Range } from '../image/augment.ts'
export { towerOf } from '../model/parameter-names.ts'
export type { Lookup, Parameters } from '../model/parameters.ts'
export type { TextInputs } from '../model/text-transformer.ts'
export { type ObjectiveName, objectives } from '../objectives/index.ts'
export type { Captions, Examples, Features, Likelihood, Objective } from '../objectives/objective.ts'
export type { Runtime } from '../runtime/runtime.ts'
export { type AdamWOptions, adamW, type Moments } from '../training/adamw.ts'
export type { Adaptation, InitialValues, Values } from '../training/adaptation.ts'
export type { Batch } from '../training/collate.ts'
export { type InitialModel, openInitialModel } from '../training/initial-model.node.ts'
export type { ParameterArrays, Slot } from '../training/parameters.ts'
export { writeCurves } from '../training/run/curves.node.ts'
export type { LoggedStep, LoggedValidation, Validation } from '../training/run/lines.ts'
export { learningRateAt, type Schedule } from '../training/schedule.ts'
export {
  createTrainer,
  type StepReport,
  type Trainer,
  type TrainerOptions,
  type UpdateOptions,
} from '../training/step.ts'
export { train } from '../training/train.node.ts'
export type {
  EndReason,
  ModelInTraining,
  OpenOptions,
  RunOptions,
  TrainEvent,
  TrainOptions,
  Validate,
} from '../training/train-options.ts'
export type { BatchLoss, TrainingGraphOptions } from '../training/training-graph.ts'
export { type ValidateOptions, validateOn } from '../training/validate-on.node.ts'
export type { ValidationLoss } from '../training/validation-loss.node.ts'
