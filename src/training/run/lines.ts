// The lines of a run's logs: one for each logged step, one for each validation.

/** One line of `results.jsonl`. */
export interface LoggedStep {
  /** From 1. */
  step: number
  epoch: number
  /** Examples seen so far. */
  samples: number
  /** Of this step's batch. */
  loss: number
  /** The share of images whose own caption was the closest in the batch, if the objective defines choices. */
  accuracy?: number | undefined
  lr: number
  /** One over the temperature. */
  logitScale?: number | undefined
  gradientNorm: number
  imagesPerSecond: number
  /** Time spent on steps, over all sessions. */
  seconds: number
}

/** How good a model is: the score that selects the best one (higher is better), and other measurements. */
export interface Validation {
  score: number
  numbers: Readonly<Record<string, number>>
}

/** One line of `validation.jsonl`. */
export interface LoggedValidation extends Validation {
  step: number
  /** Whether it is the best so far. */
  best: boolean
}

/** The lines of a log, without torn ones. */
export function parseLines<Line>(text: string): Line[] {
  return text.split('\n').flatMap((line) => {
    try {
      return line === '' ? [] : [JSON.parse(line) as Line]
    } catch {
      return []
    }
  })
}
