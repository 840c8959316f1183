// What a calibration file holds: fitted by `calibrate`, applied by the evaluations.

/** The content of a calibration file. */
export interface Calibration {
  version: 1
  /** The model's name. */
  model: string
  /** Prompt templates; empty for a trained classifier. */
  templates: readonly string[]
  /** The class names that it was fitted with. */
  names: readonly string[]
  /** Divides logits before the softmax. */
  temperature: number
  /** If the largest logit (zero-shot: the logit scale times the cosine) is below it, the answer is none of the classes. */
  threshold: number
  /** The share of answers at the threshold that are correct. */
  precision: number
  /** The share of images of the classes that are answered correctly. */
  recall: number
  /** Number of images of the classes. */
  n: number
  /** The images of "none of these": given ones, or each image once with its own class left out. */
  none: 'given' | 'left out'
  /** The share of images of none of the classes that get no answer. */
  rejected: number
}
