// Options of fine-tuning: of every method, and those that several methods share. What only one method reads is in its file. Each
// is declared with its type and, for a command line, as data with its help.

import type { UseNotice } from '../clip/clip.ts'
import type { DataInput } from '../data/given.node.ts'
import type { Preprocessing } from '../image/transform.ts'
import type { InitialModel } from '../training/initial-model.node.ts'
import type { OpenOptions, RunOptions } from '../training/train-options.ts'

/** Options of every fine-tuning method. */
export interface CommonOptions extends OpenOptions {
  /** As for `load`, or an opened model, which is then written to `out/initial`. Default: the starter model. */
  model?: string | InitialModel | undefined
  /** The training set: images with classes. */
  data: DataInput
  /** The validation set. Default: a random tenth of `data`. */
  validation?: DataInput | undefined
  /** Output folder; must be new or empty, unless `resume` is set. */
  out: string
  /** Number of random training images of each class. Default: all. */
  shots?: number | undefined
  /** Prompt templates, each with `{}` for the class. Default: `a photo of a {}.` */
  templates?: readonly string[] | undefined
  /** A class's name in prompts, by its folder's name. */
  words?: ReadonlyMap<string, string> | undefined
  /** Images of more pixels are refused. */
  maxPixels?: number | undefined
  /** Rotates images upright by their EXIF orientation, which the reference does not. Default: false. */
  exifRotate?: boolean | undefined
  /** Called for what a user should know of the images and labels, as `LoadOptions.onNotice`. */
  onNotice?: ((notice: UseNotice) => void) | undefined
  /** Order of the steps in which an image is prepared. Default: the checkpoint's. */
  order?: Preprocessing['order'] | undefined
  /** Default: 0. */
  seed?: number | undefined
  /** Threads of ONNX Runtime. Default: one for each physical core. */
  threads?: number | undefined
  /** Continues from the last checkpoint in the folder. Default: false, which refuses a folder that is not empty. */
  resume?: boolean | undefined
  /** Saves and ends the run. */
  signal?: AbortSignal | undefined
}

const names: Readonly<Record<keyof CommonOptions, true>> = {
  model: true,
  activation: true,
  data: true,
  validation: true,
  imageColumn: true,
  captionColumn: true,
  separator: true,
  out: true,
  shots: true,
  templates: true,
  words: true,
  maxPixels: true,
  exifRotate: true,
  onNotice: true,
  order: true,
  seed: true,
  threads: true,
  resume: true,
  signal: true,
  onDownload: true,
  onWait: true,
}

export const isCommonOption = (name: string): boolean => Object.hasOwn(names, name)

/** Options of methods that train by gradient descent. */
export interface EpochOptions {
  /** Passes over the training images. Default: the method's own. */
  epochs?: number | undefined
  /** The highest learning rate. Default: the method's own. */
  learningRate?: number | undefined
  /** Images in a step. Default: the method's own. */
  batch?: number | undefined
  /** Default: the method's own. */
  weightDecay?: number | undefined
}

/** Option of methods whose memory grows with the transformer's depth. */
export interface RecomputeOption {
  /** Computes the inside of each transformer block twice instead of keeping it in memory. Default: false. */
  recompute?: boolean | undefined
}

/** Options of methods that train an encoder. */
export interface LoopOptions extends EpochOptions, RecomputeOption {
  /** In place of `epochs`. */
  steps?: number | undefined
  /** Images that pass through the encoders at a time (GradCache): the same numbers in less memory. Default: the whole batch. */
  chunk?: number | undefined
  /** Steps of warm-up. Default: a tenth of all. */
  warmup?: number | undefined
  /** Clips the gradient to this norm. Default: the method's, or no clipping. */
  clipGradient?: number | undefined
  /** Factor of the learning rate from each block to the one below it. Default: 1. */
  layerDecay?: number | undefined
  /** How often a run is validated and saved, the end included. Default: 10. */
  validations?: number | undefined
  /** Ends the run after this many validations without a better one. Default: never. */
  patience?: number | undefined
}

/** Option of methods that read the training images at every epoch. */
export interface AugmentOption {
  /** Augmentation of the training images; `false`: preprocessed as in evaluation. Default: random crops, half mirrored. */
  augment?: RunOptions['augment']
}

/** How an option is given on a command line. */
export type MethodOption = {
  /** For a help text; another option is named in backticks. */
  help: string
  /** The flag in camelCase. Default: the option's own name. */
  flag?: string
  /** The option's value from what the command line was given. */
  read?: (given: string) => unknown
} & (
  | { type: 'switch' }
  | { type: 'text'; value: string; choices?: readonly string[] }
  /** A whole number, by default 1 or more. */
  | { type: 'count'; value: string; from?: 0 }
  /** A number above `above`. Default: from 0 on. */
  | { type: 'number'; value: string; above?: number }
)

/** A declaration for each option of a method. */
export type OptionTable<Options> = { readonly [Name in keyof Required<Options>]: MethodOption }

/** Declares `EpochOptions`, `RecomputeOption`, `LoopOptions` and `AugmentOption`, in the order of a help text. */
const shared = {
  epochs: {
    type: 'count',
    value: 'N',
    help: "passes over the data. Default: the method's own, at least 100 steps, lora 200",
  },
  steps: { type: 'count', value: 'N', help: 'steps, instead of `epochs`' },
  learningRate: {
    type: 'number',
    flag: 'lr',
    value: 'X',
    above: 0,
    help: "peak learning rate. Default: the method's own",
  },
  batch: { type: 'count', value: 'N', help: 'images per step. Default: 32' },
  chunk: { type: 'count', value: 'N', help: 'images in memory at a time; results are the same as without' },
  recompute: { type: 'switch', help: 'recompute transformer blocks in the backward pass: slower, far less memory' },
  warmup: { type: 'count', value: 'N', from: 0, help: 'warm-up steps. Default: a tenth of all' },
  clipGradient: {
    type: 'number',
    flag: 'clipGrad',
    value: 'X',
    above: 0,
    help: 'clip the gradient to this norm. Default: no clipping; full and wise-ft 1',
  },
  weightDecay: {
    type: 'number',
    value: 'X',
    help: 'of parameters with two or more dimensions. Default: 0.1; lora 0.01',
  },
  layerDecay: {
    type: 'number',
    value: 'X',
    above: 0,
    help: "learning rate of each block as a share of the next one's. Default: 1",
  },
  validations: {
    type: 'count',
    flag: 'judgements',
    value: 'N',
    help: 'how often to validate and save. Default: 10',
  },
  patience: { type: 'count', value: 'N', help: 'stop after N validations without improvement' },
  augment: {
    type: 'switch',
    flag: 'noAugment',
    read: () => false,
    help: 'preprocess images as for evaluation. Default: random crops, half of them mirrored',
  },
} as const satisfies OptionTable<LoopOptions & AugmentOption>

const { augment, ...loop } = shared
export const loopOptions: OptionTable<LoopOptions> = loop
export const augmentOption: OptionTable<AugmentOption> = { augment }
export const recomputeOption: OptionTable<RecomputeOption> = { recompute: shared.recompute }
export const epochOptions: OptionTable<EpochOptions> = {
  epochs: shared.epochs,
  learningRate: shared.learningRate,
  batch: shared.batch,
  weightDecay: shared.weightDecay,
}
