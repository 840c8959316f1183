// What every objective is: features of each example, and a loss over the features of the whole batch. Between the two
// lies the place where a large batch is cut into chunks (GradCache, Gao et al. 2021), so memory holds one chunk's graph.

import type { Tensor } from '../graph/tensor.ts'
import type { ClipConfig } from '../model/config.ts'
import type { Parameters } from '../model/parameters.ts'
import type { TextInputs } from '../model/text-transformer.ts'

/** A batch of images and captions, as an objective's graph is fed it. */
export interface Examples {
  /** `['batch', 3, n, n]` */
  image: Tensor
  /** Captions with `length` tokens at most: start, words, end, zeros. */
  text: TextInputs
  /** 1 where a position holds a word: not start, end, or padding. `['batch', 'length']`, float32 */
  words: Tensor
  /** The id after each position, 0 from the end on. `['batch', 'length']`, int32 */
  next: Tensor
}

export interface Objective {
  /**
   * What is computed of each example by itself, by name; each `['batch', …]`. An objective whose loss is a sum over
   * examples gives each one's share.
   */
  features(p: Parameters, examples: Examples, config: ClipConfig): Readonly<Record<string, Tensor>>
  /** The loss of a batch, `[]`, of what `features` gave for it. */
  loss(p: Parameters, features: Readonly<Record<string, Tensor>>): Tensor
  /** The row of the text that each image would choose in its batch, `['batch']`, int64, where that means something. */
  choices?(p: Parameters, features: Readonly<Record<string, Tensor>>): Tensor
  /** Parameters held within bounds after every step: name → lowest, highest. */
  bounds?: Readonly<Record<string, readonly [number, number]>>
}
