// The public names of `typeclip/training`: data in, a trained model in a folder.

export { type Batch as ImageBatch, type BatchesOptions, batches, type Cursor } from './data/batches.node.ts'
export { combine } from './data/combine.ts'
export { openSource, type SourceOptions } from './data/open.node.ts'
export type { Order, Sample, Skipped, Source } from './data/sample.ts'
export { TrainingError } from './errors.ts'
export type { Augmentation } from './image/augment.ts'
export { type ObjectiveName, objectives } from './objectives/index.ts'
export type { Objective } from './objectives/objective.ts'
export { type AdamWOptions, adamW, type Moments } from './training/adamw.ts'
export type { Batch } from './training/examples.ts'
export { type InitialModel, openInitialModel } from './training/initial-model.node.ts'
export { learningRateAt, type Schedule } from './training/schedule.ts'
export { createTrainer, type StepReport, type Trainer, type TrainerOptions } from './training/step.ts'
export {
  type LoggedStep,
  type TrainEvent,
  type TrainOptions,
  train,
  type Validation,
} from './training/train.node.ts'
