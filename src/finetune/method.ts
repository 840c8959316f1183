// A fine-tuning method: defaults, and a generator that turns a task into a model folder.
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
// Either way `load(task.out)` is the result, with `readClassifier(task.out)` if there is one. Validation loads the folder each
// time, so that the numbers are those of the files that a user gets.

import type { Clip, UseNotice } from '../clip/clip.ts'
import type { LoadOptions } from '../clip/load.node.ts'
import type { Source } from '../data/sample.ts'
import type { LabelledFeatures } from '../evaluate/embed-samples.ts'
import type { Preprocessing } from '../image/transform.ts'
import type { InitialModel } from '../training/initial-model.node.ts'
import type { Progress } from '../training/run/checkpoint.node.ts'
import type { TrainEvent, TrainOptions } from '../training/train.node.ts'
import type { Classifier } from '../zero-shot/classifier.ts'
import type { LoraOptions } from './lora/lora.ts'

/** Settings of all fine-tuning methods; a method reads those that concern it. */
export interface FinetuneSettings {
  /** Passes over the training images. Default: the method's own. */
  epochs?: number | undefined
  /** In place of `epochs`. */
  steps?: number | undefined
  /** The highest learning rate. Default: the method's own. */
  learningRate?: number | undefined
  /** Images in a step. Default: the method's own. */
  batch?: number | undefined
  /** Images that go through the encoders at a time (GradCache): the same numbers in less memory. Default: the whole batch. */
  chunk?: number | undefined
  /** Computes the inside of each transformer block twice, in place of keeping it in memory. Default: false. */
  recompute?: boolean | undefined
  /** Steps of warm-up. Default: a tenth of all. */
  warmup?: number | undefined
  /** Clips the gradient to this norm. Default: the method's, or no clipping. */
  clipGradient?: number | undefined
  /** Default: the method's own. */
  weightDecay?: number | undefined
  /** Factor of the learning rate from each block to the one below it. Default: 1. */
  layerDecay?: number | undefined
  /** How training images are cropped and mirrored; `false`: as in evaluation. */
  augment?: TrainOptions['augment']
  /** How often a run with steps is validated and saved, the end included. Default: 10. */
  judgements?: number | undefined
  /** Ends the run after this many validations without a better one. Default: never. */
  patience?: number | undefined
  /** Images of more pixels are refused. */
  maxPixels?: number | undefined
  /** Turns images upright by their EXIF orientation, which the reference does not. Default: false. */
  exifRotate?: boolean | undefined
  /** Called for what a user should know of the images and labels, as `LoadOptions.onNotice`. */
  onNotice?: ((notice: UseNotice) => void) | undefined
  /** The project whose preprocessing order applies. Default: the model's publisher's. */
  order?: Preprocessing['order'] | undefined
  /** Default: 0. */
  seed?: number | undefined
  /** Threads of ONNX Runtime. Default: one for each physical core. */
  threads?: number | undefined
  /** Continues from the last checkpoint in the folder. Default: false, which refuses a folder that is not empty. */
  resume?: boolean | undefined
  /** LoRA only; `alpha` is below. */
  lora?: Partial<Omit<LoraOptions, 'alpha'>> | undefined
  /**
   * WiSE-FT: the interpolation from zero-shot (0) to fine-tuned (1); default: 0.5. LoRA: α; default: 1.
   */
  alpha?: number | undefined
  /** CoOp only: number of context vectors. Default: 16. */
  contextLength?: number | undefined
  /** CoOp only: words that initialise the context vectors, such as `a photo of a`. Default: random vectors. */
  contextWords?: string | undefined
  /** Saves and ends the run. */
  signal?: AbortSignal | undefined
}

/** The options that a run's settings load a model with. */
export const loading = ({
  threads,
  maxPixels,
  exifRotate,
  onNotice,
  order,
  signal,
}: FinetuneSettings): LoadOptions => ({
  ...(threads !== undefined && { threads }),
  ...(maxPixels !== undefined && { maxPixels }),
  ...(exifRotate && { exifRotate }),
  ...(onNotice && { onNotice }),
  ...(order && { preprocessing: { order } }),
  ...(signal && { signal }),
})

/** The input of a method. */
export interface Task {
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
  settings: FinetuneSettings
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

/** A fine-tuning method. */
export interface Method {
  /** One line, for help and documentation. */
  readonly summary: string
  /** Default settings. */
  readonly defaults: FinetuneSettings
  /** @returns fields of `result.json`, beside the accuracy */
  run(task: Task): AsyncGenerator<MethodEvent, Readonly<Record<string, unknown>> | undefined>
}
