// What every objective is: features of each example, and a loss over the features of the whole batch. Between the two
// lies the place where a large batch is cut into chunks (GradCache, Gao et al. 2021), so memory holds one chunk's graph.

import type { Tensor } from '../graph/tensor.ts'
import type { ClipConfig } from '../model/config.ts'
import type { Parameters } from '../model/parameters.ts'
import type { TextInputs } from '../model/text-transformer.ts'

/** Captions, as an objective's graph is fed them. */
export interface Captions {
  /** With `length` tokens at most: start, words, end, zeros. */
  text: TextInputs
  /** 1 where a position holds a word: not start, end, or padding. `['batch', 'length']`, float32 */
  words: Tensor
  /** The id after each position, 0 from the end on. `['batch', 'length']`, int32 */
  next: Tensor
  /** The positions before each end, counted through the batch, and where each position is among them. */
  told: Tensor
  place: Tensor
}

/** A batch of images and captions. */
export interface Examples extends Captions {
  /** `['batch', 3, n, n]` */
  image: Tensor
  /** Of a frozen image tower, computed before; read in place of `image`. `['batch', embedDim]` */
  embedding: Tensor
  /** The class of each, by number, where examples have one. `['batch']`, int32 */
  label: Tensor
  /** Whether batch normalisation is by the batch's own statistics, and keeps them; else by those that were kept. */
  training: boolean
}

export type Features = Readonly<Record<string, Tensor>>

/** A training objective: the features of each example, and the loss over a batch of them. */
export interface Objective {
  /**
   * What is computed of each example by itself, by name; each `['batch', …]`. An objective whose loss is a sum over
   * examples gives each one's share.
   */
  features(p: Parameters, examples: Examples, config: ClipConfig): Features
  /** The loss of a batch, `[]`, of what `features` gave for it. */
  loss(p: Parameters, features: Features): Tensor
  /**
   * The row of the text that each image would choose in its batch, or the class where examples have labels: `['batch']`,
   * int64, where that means something.
   */
  choices?(p: Parameters, features: Features): Tensor
  /** Parameters held within bounds after every step: name → lowest, highest. */
  bounds?: Readonly<Record<string, readonly [number, number]>>
  /** Values that parameters of one number begin with, where those are not the usual ones. */
  initial?: Readonly<Record<string, number>>
  /** The text encoder, `[batch, embedDim]`, where what is trained puts pictures and texts into one space. */
  encodeText?(p: Parameters, text: TextInputs, config: ClipConfig): Tensor
  /** How probable a text is for a picture, where what is trained tells that and has no such space. */
  likelihood?: Likelihood
}

/** A score of texts for pictures, in two parts, so that each picture is read once. */
export interface Likelihood {
  /** What is read of each picture: `['batch', 3, n, n] → ['batch', …]` */
  condition(p: Parameters, image: Tensor, config: ClipConfig): Tensor
  /** The mean logarithm of its tokens' probabilities for each text, `['batch']`, under one picture's condition `[1, …]`. */
  logProbability(p: Parameters, condition: Tensor, captions: Captions, config: ClipConfig): Tensor
  /** What a class's name is put into, where no template is given. */
  template: string
}
