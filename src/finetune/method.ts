// A fine-tuning method: its options, and a generator that turns a task into a model folder.
//
// A method changes no model code. It ends in one of two ways, and yields its progress:
//
// - **New parameters** (full, LoRA, FLYP, locked-image tuning, WiSE-FT): `yield* trained(task, adaptation)` runs the training
//   loop with an `Adaptation` (src/training/adaptation.ts): an objective, a wrapped lookup, which parameters are trained. The
//   loop writes the model, its checkpoints and logs to `task.out`, validates with `task.val`, and supports `resume`.
// - **A `Classifier`** over fixed features (linear probe, CoOp, Tip-Adapter): `await task.features('train')` returns each
//   image's embedding, cached in `task.out/features/`, and `await task.answerWith(classifier)` writes the unchanged model
//   and `classifier.safetensors` to `task.out`. Meanwhile it yields `{ kind: 'progress', … }`.
//
// Either way `load(task.out)` is the result, with `readClassifier(task.out)` if there is one. Each validation loads that folder
// again, ten times in a run and once at the end: so the accuracy is that of the files that a user gets, merged and rounded as they
// are written, and a run that was interrupted during a validation repeats it from the same files. The original model is opened
// once, for features, texts and initial values.

import type { Clip } from '../clip/clip.ts'
import type { LoadOptions } from '../clip/load.node.ts'
import type { Source } from '../data/sample.ts'
import type { LabelledFeatures } from '../evaluate/embed-samples.ts'
import type { InitialModel } from '../training/initial-model.node.ts'
import type { Progress } from '../training/run/checkpoint.node.ts'
import type { TrainEvent } from '../training/train.node.ts'
import type { Classifier } from '../zero-shot/classifier.ts'
import type { CommonOptions, OptionTable } from './options.ts'

/** The options that a run's settings load a model with. */
export const loading = ({ threads, maxPixels, exifRotate, onNotice, order, signal }: CommonOptions): LoadOptions => ({
  threads,
  maxPixels,
  exifRotate,
  onNotice,
  preprocessing: order && { order },
  signal,
})

/** The input of a method. @typeParam Own the method's own options */
export interface Task<Own = object> {
  /** The original model, for features and texts. */
  clip: Clip
  /** Its parameters, one by one. */
  model: InitialModel
  /** Names of the class folders; labels are indices into them. */
  classes: readonly string[]
  /** The classes' names in prompts and in the resulting classifier, in the same order. */
  words: readonly string[]
  /** Prompt templates, each with `{}`. */
  templates: readonly string[]
  /** The zero-shot classifier; its weights include the model's logit scale. */
  zeroShot: Classifier
  /** The training set; a sample's captions are its class's prompts. */
  train: Source
  /** The validation set. */
  val: Source
  /** The run's output folder. */
  out: string
  settings: CommonOptions & Own
  /** Settings that a resumed run must share, beside those of the training loop, as JSON. */
  identity: Readonly<Record<string, unknown>>
  /** The progress to resume from. */
  before: Progress | undefined
  /** The embeddings of all images, computed once and cached in `out/features/`. */
  features(which: 'train' | 'val'): Promise<LabelledFeatures>
  /** Writes a classifier and the unchanged model to `out`. */
  answerWith(classifier: Classifier): Promise<void>
}

/** Progress of a method without a training loop: `3 of 13 penalties`. */
export interface MethodProgress {
  kind: 'progress'
  what: string
  done: number
  of: number
  /** Measurements by name. */
  numbers?: Readonly<Record<string, number>> | undefined
}

/** What happens while a method runs. */
export type MethodEvent = TrainEvent | MethodProgress

/** A fine-tuning method. @typeParam Own its own options */
export interface Method<Own = object> {
  /** One line, for help and documentation. */
  readonly summary: string
  /** Default values of some of its options. */
  readonly defaults: Own
  /** Its options, in the order of a help text. */
  readonly options: OptionTable<Own>
  /** @throws UsageError for values that do not fit; called before anything is opened */
  check?(options: Own): void
  /** @returns fields of `result.json`, beside the accuracy */
  run(task: Task<Own>): AsyncGenerator<MethodEvent, Readonly<Record<string, unknown>> | undefined>
}

/** What a method's generator is. */
export type MethodRun = ReturnType<Method['run']>
