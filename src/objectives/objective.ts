// An objective: features of each example, and a loss over the features of the whole batch. GradCache splits a large batch
// into chunks between the two (training/grad-cache.ts).

import type { Tensor } from '../graph/tensor.ts'
import type { ClipConfig } from '../model/config.ts'
import type { Parameters } from '../model/parameters.ts'
import type { TextInputs } from '../model/text-transformer.ts'

/** Captions as inputs of an objective's graph. */
export interface Captions {
  /** Up to `length` tokens: start, words, end, zeros. */
  text: TextInputs
  /** 1 for a word, 0 for start, end and padding. `['batch', 'length']`, float32 */
  isWord: Tensor
  /** The id to predict at each position: the next one; 0 from the end on. `['batch', 'length']`, int32 */
  nextIds: Tensor
  /**
   * The positions before each end, as indices into the flattened batch: logits over the vocabulary are computed for these
   * alone, not for padding. `['predicted']`, int32
   */
  predictPositions: Tensor
  /** Index of each position in `predictPositions`; 0 for padding. `['batch', 'length']`, int32 */
  predictIndex: Tensor
}

/** A batch of images and captions. */
export interface Examples extends Captions {
  /** `['batch', 3, n, n]` */
  image: Tensor
  /** Precomputed embeddings of a frozen image encoder, read in place of `image`. `['batch', embedDim]` */
  embedding: Tensor
  /** The index of each example's class, if it has one. `['batch']`, int32 */
  label: Tensor
  /** Batch normalisation: with the batch's statistics, updating the running ones; or with the running ones. */
  training: boolean
}

/** Per-example features by name. */
export type Features = Readonly<Record<string, Tensor>>

/** A training objective: the features of each example, and the loss over a batch of them. */
export interface Objective {
  /**
   * Per-example features by name, each `['batch', …]`. If the loss is a sum over examples, these are each example's
   * terms.
   */
  features(p: Parameters, examples: Examples, config: ClipConfig): Features
  /** The loss of a batch from its features, `[]`. */
  loss(p: Parameters, features: Features): Tensor
  /**
   * The index of the text that each image is closest to in the batch, or of the class if examples have labels: `['batch']`,
   * int64. Left out if the objective defines no such choice.
   */
  choices?(p: Parameters, features: Features): Tensor
  /** Parameters clamped after every step: name → [lowest, highest]. */
  bounds?: Readonly<Record<string, readonly [number, number]>> | undefined
  /** Initial values of scalar parameters, if they differ from `initialize`'s. */
  initial?: Readonly<Record<string, number>> | undefined
  /** The text encoder, `[batch, embedDim]`, if images and texts have a joint space. */
  encodeText?(p: Parameters, text: TextInputs, config: ClipConfig): Tensor
  /** The probability of a text given an image, if there is no joint space. */
  likelihood?: Likelihood | undefined
}

/** Scores texts for images in two parts, so that each image is encoded once. */
export interface Likelihood {
  /** The encoded images: `['batch', 3, n, n] → ['batch', …]` */
  condition(p: Parameters, image: Tensor, config: ClipConfig): Tensor
  /** Each text's mean log-probability per token, `['batch']`, given one encoded image `[1, …]`. */
  logProbability(p: Parameters, condition: Tensor, captions: Captions, config: ClipConfig): Tensor
  /** The default prompt template, if it is not that of zero-shot classification. */
  template?: string | undefined
}
