// AdamW (Loshchilov & Hutter 2019): Adam's moments, and a decay that is apart from the gradient.

import { adamWKernel } from './adamw-kernel.ts'

/** Hyperparameters of AdamW (Loshchilov and Hutter 2019). The paper's are in its appendix F. */
export interface AdamWOptions {
  /** Decay of the mean of the gradient. */
  beta1: number
  /** Decay of the mean of its square. */
  beta2: number
  /** Added to the root of that mean. */
  eps: number
  /** Decoupled weight decay, times the learning rate at each step. */
  weightDecay: number
}

/** The running means of the gradient and of its square. */
export interface Moments {
  readonly m: Float32Array
  readonly v: Float32Array
}

/** Numbers of each array that are worked on at a time: those of four arrays fit a core's own cache. */
const block = 16384
const arrays = 4
const [ofValues, ofGradients, ofM, ofV] = [0, 1, 2, 3].map((i) => i * block) as [number, number, number, number]

const kernel = adamWKernel(arrays * block * 4)
const work = new Float32Array(kernel.memory.buffer, 0, arrays * block)

/** The kernel works on four numbers at a time; those beyond the last are not read back. */
const inFours = (count: number): number => Math.ceil(count / 4) * 4

/**
 * Changes values and moments in place, for the t-th step (from 1):
 *
 *     m = β₁ m + (1 − β₁) g,  v = β₂ v + (1 − β₂) g²
 *     θ = θ (1 − η λ) − η m / (1 − β₁ᵗ) / (√(v / (1 − β₂ᵗ)) + ε)
 *
 * @param decayed how many of the values, from the first, decay
 * @param scale what the gradient is multiplied with first
 */
export function adamW(
  values: Float32Array,
  gradients: Float32Array,
  { m, v }: Moments,
  { t, learningRate, decayed, scale = 1 }: { t: number; learningRate: number; decayed: number; scale?: number },
  { beta1, beta2, eps, weightDecay }: AdamWOptions,
): void {
  const rate = learningRate / (1 - beta1 ** t)
  const root = 1 / Math.sqrt(1 - beta2 ** t)
  const update = (from: number, to: number, keep: number): void => {
    work.set(values.subarray(from, to), ofValues)
    work.set(gradients.subarray(from, to), ofGradients)
    work.set(m.subarray(from, to), ofM)
    work.set(v.subarray(from, to), ofV)
    kernel.adamW(
      ...([ofValues * 4, ofGradients * 4, ofM * 4, ofV * 4, inFours(to - from)] as const),
      ...([scale, beta1, 1 - beta1, beta2, 1 - beta2, keep, rate, root, eps] as const),
    )
    values.set(work.subarray(ofValues, ofValues + to - from), from)
    m.set(work.subarray(ofM, ofM + to - from), from)
    v.set(work.subarray(ofV, ofV + to - from), from)
  }
  for (const [first, last, keep] of [
    [0, decayed, 1 - learningRate * weightDecay],
    [decayed, gradients.length, 1],
  ] as const) {
    for (let from = first; from < last; from += block) update(from, Math.min(last, from + block), keep)
  }
}

/** `‖x‖` */
export function norm(x: Float32Array): number {
  let sum = 0
  for (let from = 0; from < x.length; from += block) {
    const part = x.subarray(from, from + block)
    work.set(part)
    work.fill(0, part.length, inFours(part.length))
    sum += kernel.squares(0, inFours(part.length))
  }
  return Math.sqrt(sum)
}
