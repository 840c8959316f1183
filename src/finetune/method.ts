// What every method of fine-tuning is: a name's defaults, and a generator from a task to a folder that answers.
//
// A method changes no model code. It ends in one of two ways, and tells what happens on the way by what it yields:
//
// - **New parameters** (full, LoRA, FLYP, locked-image tuning, WiSE-FT): `yield* trained(task, adaptation)` runs the training
//   loop with an `Adaptation` (src/training/adaptation.ts): an objective, a wrapped lookup, what is trained. The loop writes
//   the model, its checkpoints and logs into `task.out`, judges it by `task.val` and goes on with `resume`.
// - **A `Classifier`** over features that stay as they are (linear probe, CoOp, Tip-Adapter): `await task.features('train')`
//   gives each picture's embedding once, from `task.out/features/` where an earlier run has left them, and
//   `await task.answerWith(classifier)` writes the unchanged model and `classifier.safetensors` into `task.out`.
//   It yields `{ kind: 'progress', … }` meanwhile.
//
// Either way `load(task.out)` is the result, with `readClassifier(task.out)` where there is one.

import type { Source } from '../data/sample.ts'
import type { Preprocessing } from '../image/transform.ts'
import type { LoadOptions } from '../load.node.ts'
import type { Clip, UseNotice } from '../load.ts'
import type { Progress } from '../training/checkpoint.node.ts'
import type { InitialModel } from '../training/initial-model.node.ts'
import type { TrainEvent, TrainOptions } from '../training/train.node.ts'
import type { Classifier } from '../zero-shot/classifier.ts'
import type { CachedFeatures } from './features.node.ts'
import type { LoraOptions } from './lora.ts'

/** Settings of all fine-tuning methods; a method reads those that concern it. */
export interface FinetuneSettings {
  /** Passes over the training images. Default: the method's own. */
  epochs?: number | undefined
  /** Steps, in place of `epochs`. */
  steps?: number | undefined
  /** The highest learning rate. Default: the method's own. */
  learningRate?: number | undefined
  /** Images in a step. Default: the method's own. */
  batch?: number | undefined
  /** Images that go through the encoders at a time (GradCache): the same numbers in less memory. Default: the whole batch. */
  chunk?: number | undefined
  /** Computes the inside of each transformer block twice, in place of keeping it in memory. Default: false. */
  recompute?: boolean | undefined
  /** Steps over which the learning rate rises. Default: a tenth of all. */
  warmup?: number | undefined
  /** Clips the gradient to this norm. Default: the method's own, or no clipping. */
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
  /** Whose order of the steps in which a picture is prepared; as the model's publisher does, unless told. */
  order?: Preprocessing['order'] | undefined
  /** Default: 0. */
  seed?: number | undefined
  /** Threads of ONNX Runtime. Default: one for each physical core. */
  threads?: number | undefined
  /** Continues from the last checkpoint in the folder. Default: false, which refuses a folder that is not empty. */
  resume?: boolean | undefined
  /** LoRA only; its `alpha` is a field of its own, below. */
  lora?: Partial<Omit<LoraOptions, 'alpha'>> | undefined
  /**
   * WiSE-FT: how far the weights are from the original (0) to the fine-tuned model (1). Default: 0.5. LoRA: `α`. Default: 1.
   */
  alpha?: number | undefined
  /** CoOp only: length of the learned context in tokens. Default: 16. */
  contextLength?: number | undefined
  /** CoOp only: words that initialise the context, such as `a photo of a`. Default: random. */
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

/** What a method is given. */
export interface Task {
  /** The model as it was, for features and texts. */
  clip: Clip
  /** The same, parameter by parameter. */
  model: InitialModel
  /** Class folders' names, in order: the places of labels. */
  classes: readonly string[]
  /** What prompts call them, in the same order: names in the classifier that comes out. */
  words: readonly string[]
  /** Each with `{}`. */
  templates: readonly string[]
  /** Each class's prompts, as a classifier: logits are unit embeddings times its weights, the model's scale within. */
  zeroShot: Classifier
  /** What is learnt from; a sample's captions are its class's prompts. */
  train: Source
  /** What judges; never learnt from. */
  val: Source
  /** A folder of the run's own. */
  out: string
  settings: FinetuneSettings
  /** What makes a run the same run, beside the loop's own settings: shots, templates. JSON. */
  identity: Readonly<Record<string, unknown>>
  /** Where the run stands that is to go on. */
  before: Progress | undefined
  /** The embeddings of all pictures, computed once and kept in `out/features/`. */
  features(which: 'train' | 'val'): Promise<CachedFeatures>
  /** Ends in a classifier: writes it and the model as it was into `out`. */
  answerWith(classifier: Classifier): Promise<void>
}

/** How far a method is that has no steps of training to show: `tried 3 of 13 penalties`. */
export interface MethodProgress {
  kind: 'progress'
  what: string
  done: number
  of: number
  /** Whatever was measured so far, by name. */
  numbers?: Readonly<Record<string, number>>
}

/** What happens while a method runs. */
export type MethodEvent = TrainEvent | MethodProgress

/** A fine-tuning method. */
export interface Method {
  /** One line, for help and documents. */
  readonly summary: string
  /** What is used where nothing is said. */
  readonly defaults: FinetuneSettings
  /** @returns what `result.json` should say of it beside its accuracy */
  run(task: Task): AsyncGenerator<MethodEvent, Readonly<Record<string, unknown>> | undefined>
}
