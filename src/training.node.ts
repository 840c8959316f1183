/**
 * `typeclip/training`: data in, a trained model in a folder out.
 *
 * {@includeCode ../examples/train-from-scratch.ts}
 *
 * {@includeCode ../examples/figure2.ts}
 *
 * @module typeclip/training
 */

export { type Batch as ImageBatch, type BatchesOptions, batches, type Cursor } from './data/batches.node.ts'
export { combine } from './data/combine.ts'
export { holdOut } from './data/held-out.ts'
export { openSource, type SourceOptions } from './data/open.node.ts'
export type { Order, Sample, Skipped, Source } from './data/sample.ts'
export { TrainingError } from './errors.ts'
export { type Figure2Event, type Figure2Options, type Figure2Run, figure2 } from './figure2/figure2.node.ts'
export { type Figure2Report, type Figured, figureNames } from './figure2/report.ts'
export type { Augmentation } from './image/augment.ts'
export { type ObjectiveName, objectives } from './objectives/index.ts'
export type { Objective } from './objectives/objective.ts'
export { type AdamWOptions, adamW, type Moments } from './training/adamw.ts'
export { writeCurves } from './training/curves.node.ts'
export type { Batch } from './training/examples.ts'
export { type InitialModel, openInitialModel } from './training/initial-model.node.ts'
export { type JudgeOptions, judgeBy } from './training/judge.node.ts'
export type { LoggedStep, LoggedValidation, Validation } from './training/log.ts'
export { learningRateAt, type Schedule } from './training/schedule.ts'
export { createTrainer, type StepReport, type Trainer, type TrainerOptions } from './training/step.ts'
export { type Judged, type TrainEvent, type TrainOptions, train } from './training/train.node.ts'
export type { ValidationLoss } from './training/validation-loss.node.ts'
