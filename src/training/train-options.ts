// What a training run is asked for, and what it reports.

import type { UseNotice } from '../clip/clip.ts'
import type { AugmentOptions } from '../data/batches.node.ts'
import type { Skipped, Source } from '../data/sample.ts'
import type { ObjectiveName } from '../objectives/index.ts'
import type { Objective } from '../objectives/objective.ts'
import type { AdamWOptions } from './adamw.ts'
import type { Adaptation } from './adaptation.ts'
import type { InitialModel } from './initial-model.node.ts'
import type { LoggedStep, LoggedValidation, Validation } from './run/lines.ts'
import type { Schedule } from './schedule.ts'
import type { ValidationLoss } from './validation-loss.node.ts'

/** Options of `train`. */
export interface TrainOptions {
  model: InitialModel
  data: Source
  /** Output folder; must be new or empty, unless `resume` is set. */
  out: string
  /** Default: `contrastive`. */
  objective?: ObjectiveName | undefined
  /** A fine-tuning method, in place of `objective` and `frozen`. */
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
  optimizer?: Partial<AdamWOptions> | undefined
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
  /** Parameters that are not trained. Default: none. */
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
  /** Validates the model that was just saved in `folder`. Called before every checkpoint, unless `judgeAt` is given, and at the end. */
  validate?: Validate | undefined
  /** Steps after which the model is validated, each with a checkpoint. The end is always validated. */
  judgeAt?: readonly number[] | undefined
  /** Ends the run after this many validations without a better one. Default: never. */
  patience?: number | undefined
  /** Saves a checkpoint and ends the run. */
  signal?: AbortSignal | undefined
}

/** Validates a model. `data` is the validation set: a resumed run has to use the same, so that its scores can be compared. */
export type Validate = ((model: Judged) => Promise<Validation>) & { readonly data?: Pick<Source, 'digest'> }

/** A model during training, saved to be validated. */
export interface Judged {
  /** For `load`. */
  folder: string
  step: number
  objective: Objective
  /** The objective's loss over other data, in batches of the same size as in training. */
  loss: (source: Source) => Promise<ValidationLoss>
}

/** What happens during training, in order. */
export type TrainEvent =
  | { kind: 'start'; step: number; steps: number; batch: number; parameters: number; samples: number; resumed: boolean }
  | ({ kind: 'step'; steps: number } & LoggedStep)
  | ({ kind: 'skipped' } & Skipped)
  | { kind: 'saved'; step: number; folder: string }
  | ({ kind: 'validation' } & LoggedValidation)
  | { kind: 'end'; step: number; steps: number; reason: EndReason }

/** `stopped`: by `patience`; `interrupted`: by `signal`. */
export type EndReason = 'finished' | 'stopped' | 'interrupted'
