// The learning rate at each step: a linear warm-up, then half a cosine (§2.5), as in open_clip's `scheduler.py`.

/** The learning rate over a run: linear warm-up, then half a cosine down to 0, or constant. */
export interface Schedule {
  kind: 'cosine' | 'constant'
  /** The highest learning rate. */
  learningRate: number
  /** Steps of the warm-up, included in `steps`. */
  warmup: number
  /** Steps of the whole run. */
  steps: number
}

/** @param step from 0 */
export function learningRateAt({ kind, learningRate, warmup, steps }: Schedule, step: number): number {
  if (step < warmup) return (learningRate * (step + 1)) / warmup
  if (kind === 'constant') return learningRate
  return 0.5 * (1 + Math.cos((Math.PI * (step - warmup)) / (steps - warmup))) * learningRate
}
