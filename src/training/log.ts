// What a run writes down about itself: a line for each logged step, and one for each time that it was judged.

/** One line of `results.jsonl`. */
export interface LoggedStep {
  /** From 1. */
  step: number
  epoch: number
  /** Examples seen so far. */
  samples: number
  /** This step's own. */
  loss: number
  /** The share of images whose own caption was the closest in the batch, where the objective has such a thing. */
  accuracy?: number
  lr: number
  /** One over the temperature. */
  logitScale?: number
  gradientNorm: number
  imagesPerSecond: number
  /** Of all sessions together. */
  seconds: number
}

/** How good a model is: the number that decides which is the best, larger is better, and whatever else was measured. */
export interface Validation {
  score: number
  numbers: Readonly<Record<string, number>>
}

/** One line of `validation.jsonl`. */
export interface LoggedValidation extends Validation {
  step: number
  /** Of all so far. */
  best: boolean
}

/** Lines of a log; a torn one is left out. */
export function parseLines<Line>(text: string): Line[] {
  return text.split('\n').flatMap((line) => {
    try {
      return line === '' ? [] : [JSON.parse(line) as Line]
    } catch {
      return []
    }
  })
}
