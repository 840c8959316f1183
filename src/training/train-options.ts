// Options of training, and the events of a run.

import type { UseNotice } from '../clip/clip.ts'
import type { AugmentOptions } from '../data/batches.node.ts'
import type { DataInput } from '../data/given.node.ts'
import type { Skipped, Source } from '../data/sample.ts'
import type { TableOptions } from '../data/table-rows.node.ts'
import type { DownloadOptions } from '../download/hub.node.ts'
import type { Activation } from '../model/config.ts'
import type { ObjectiveName } from '../objectives/index.ts'
import type { Objective } from '../objectives/objective.ts'
import type { AdamWOptions } from './adamw.ts'
import type { Adaptation } from './adaptation.ts'
import type { InitialModel } from './initial-model.node.ts'
import type { LoggedStep, LoggedValidation, Validation } from './run/lines.ts'
import type { Schedule } from './schedule.ts'
import type { ValidationLoss } from './validation-loss.node.ts'

/** How models and data that are given by name are opened. */
export interface OpenOptions extends Pick<TableOptions, 'imageColumn' | 'captionColumn' | 'separator'> {
  /** Overrides the activation that the checkpoint states or that was guessed. */
  activation?: Activation | undefined
  /** Called while a model is downloaded. */
  onDownload?: DownloadOptions['onProgress'] | undefined
  /** Called with a sentence when the network keeps the caller waiting. */
  onWait?: DownloadOptions['onWait'] | undefined
}

/** Those of the options that are about tables. */
export const columnsOf = ({ imageColumn, captionColumn, separator }: OpenOptions) => ({
  imageColumn,
  captionColumn,
  separator,
})

/** Options of `train`. */
export interface TrainOptions extends Omit<RunOptions, 'model' | 'data' | 'validate'>, OpenOptions {
  /** An open_clip config (`*.json`) to train from scratch, a checkpoint as for `load`, or an opened one. */
  model: string | InitialModel
  /** Images with captions. */
  data: DataInput
  /**
   * Validates every checkpoint: data (`validateOn` says how), or a function. The best model is kept in `out/best`. Default:
   * no validation.
   */
  validation?: DataInput | Validate | undefined
  /** For class folders: captions with `{}` for the class, and the prompts of validation. Default: `a photo of a {}.` */
  templates?: readonly string[] | undefined
  /** Called during a validation on data with the number of images done. */
  onValidation?: ((done: number, of: number) => void) | undefined
}

/** Options of a run over an opened model and opened data. */
export interface RunOptions {
  model: InitialModel
  data: Source
  /** Output folder; must be new or empty, unless `resume` is set. */
  out: string
  /** Default: `contrastive`. */
  objective?: ObjectiveName | undefined
  /** A fine-tuning method, in place of `objective`, `freeze` and `frozen`. */
  adaptation?: Adaptation | undefined
  /** Examples in a step. Default: 128. */
  batch?: number | undefined
  /** Examples that pass through the encoders at a time (GradCache, exact). Default: the whole batch. */
  chunk?: number | undefined
  /** Computes the inside of each transformer block again in the backward pass, to save memory. */
  recompute?: boolean | undefined
  /** Steps of the whole run. Default: as many as `epochs` take. */
  steps?: number | undefined
  /** Default: 1. */
  epochs?: number | undefined
  /** Default: 5e-4, as for the paper's ViT-B/32. */
  learningRate?: number | undefined
  /** Default: `cosine`. */
  schedule?: Schedule['kind'] | undefined
  /** Steps of warm-up. Default: 2,000 as in the paper, but at most a tenth of all steps. */
  warmup?: number | undefined
  /** Default: β₁ 0.9, β₂ 0.98, ε 1e-6, weight decay 0.2. */
  optimizer?: { [Name in keyof AdamWOptions]?: AdamWOptions[Name] | undefined } | undefined
  /** Clips the gradient to this norm. Default: no clipping. */
  clipGradient?: number | undefined
  /** Default: true. */
  shuffle?: boolean | undefined
  /** Augmentation of the training images; `false`: none, preprocessed as in evaluation. Default: open_clip's. */
  augment?: AugmentOptions | false | undefined
  /** Images with more pixels are skipped and reported. */
  maxPixels?: number | undefined
  /** Rotates images upright by their EXIF orientation; the reference does not. */
  exifRotate?: boolean | undefined
  /** Called for each image whose EXIF orientation was not applied. */
  onNotice?: ((notice: UseNotice) => void) | undefined
  /** An encoder that is not trained. Default: none. */
  freeze?: 'image' | 'text' | undefined
  /** Further parameters that are not trained. Default: none. */
  frozen?: ((name: string) => boolean) | undefined
  /** Default: 0. */
  seed?: number | undefined
  threads?: number | undefined
  /** Continues from the folder's last checkpoint; starts from the beginning if there is none. */
  resume?: boolean | undefined
  /** Steps between checkpoints. Default: 200. */
  saveEvery?: number | undefined
  /** Steps between log lines. Default: 1. */
  logEvery?: number | undefined
  /** Number of checkpoints to keep. Default: 2. */
  keep?: number | undefined
  /** Validates the model that was just saved. Called before every checkpoint, unless `validateAt` is given, and at the end. */
  validate?: Validate | undefined
  /** Steps after which the model is validated, each with a checkpoint. The end is always validated. */
  validateAt?: readonly number[] | undefined
  /** Ends the run after this many validations without a better one. Default: never. */
  patience?: number | undefined
  /** Saves a checkpoint and ends the run. */
  signal?: AbortSignal | undefined
}

/** Validates a model. `data` is the validation set: a resumed run has to use the same, so that its scores can be compared. */
export type Validate = ((model: ModelInTraining) => Promise<Validation>) & { readonly data?: Pick<Source, 'digest'> }

/** A model during training, saved to be validated. */
export interface ModelInTraining {
  /** For `load`. */
  folder: string
  step: number
  objective: Objective
  /** The objective's loss over other data, in batches of the same size as in training. */
  loss: (source: Source) => Promise<ValidationLoss>
}

/** What happens during training, in order. */
export type TrainEvent =
  /** What was skipped or guessed when the model and the data were opened. */
  | { kind: 'notice'; message: string }
  | { kind: 'start'; step: number; steps: number; batch: number; parameters: number; samples: number; resumed: boolean }
  | ({ kind: 'step'; steps: number } & LoggedStep)
  | ({ kind: 'skipped' } & Skipped)
  | { kind: 'saved'; step: number; folder: string }
  | ({ kind: 'validation' } & LoggedValidation)
  | { kind: 'end'; step: number; steps: number; reason: EndReason }

/** `stopped`: by `patience`; `interrupted`: by `signal`. */
export type EndReason = 'finished' | 'stopped' | 'interrupted'
