// AdamW (Loshchilov & Hutter 2019): Adam with weight decay decoupled from the gradient.

import { type AdamWKernel, adamWKernel } from './adamw-kernel.ts'

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

/** Elements of each array that are worked on at a time: four such blocks fit a core's cache. */
const block = 16384
/** Where the blocks start in the kernel's memory, in elements. */
const offsets = { values: 0, gradients: block, m: 2 * block, v: 3 * block } as const

let workspace: { kernel: AdamWKernel; memory: Float32Array } | undefined

/** Compiled on first use, so that importing this file costs nothing. */
function openWorkspace() {
  if (workspace) return workspace
  const kernel = adamWKernel(4 * block * 4)
  workspace = { kernel, memory: new Float32Array(kernel.memory.buffer, 0, 4 * block) }
  return workspace
}

/** The kernel works on four numbers at a time; what it computes beyond the last one is ignored. */
const roundUpTo4 = (count: number): number => Math.ceil(count / 4) * 4

/**
 * Changes values and moments in place, for the t-th step (from 1):
 *
 *     m = β₁ m + (1 − β₁) g,  v = β₂ v + (1 − β₂) g²
 *     θ = θ (1 − η λ) − η m / (1 − β₁ᵗ) / (√(v / (1 − β₂ᵗ)) + ε)
 *
 * `decayed` is how many of the values decay, from the first; `scale` is a factor of the gradient.
 */
export function adamW(
  values: Float32Array,
  gradients: Float32Array,
  { m, v }: Moments,
  { t, learningRate, decayed, scale = 1 }: { t: number; learningRate: number; decayed: number; scale?: number },
  { beta1, beta2, eps, weightDecay }: AdamWOptions,
): void {
  const { kernel, memory } = openWorkspace()
  const arrays = { values, gradients, m, v }
  const names = ['values', 'gradients', 'm', 'v'] as const

  function update(first: number, last: number, keep: number): void {
    for (let from = first; from < last; from += block) {
      const to = Math.min(last, from + block)
      for (const name of names) memory.set(arrays[name].subarray(from, to), offsets[name])
      kernel.adamW(
        4 * offsets.values,
        4 * offsets.gradients,
        4 * offsets.m,
        4 * offsets.v,
        roundUpTo4(to - from),
        scale,
        beta1,
        1 - beta1,
        beta2,
        1 - beta2,
        keep,
        learningRate / (1 - beta1 ** t),
        1 / Math.sqrt(1 - beta2 ** t),
        eps,
      )
      for (const name of ['values', 'm', 'v'] as const) {
        arrays[name].set(memory.subarray(offsets[name], offsets[name] + to - from), from)
      }
    }
  }
  update(0, decayed, 1 - learningRate * weightDecay)
  update(decayed, gradients.length, 1)
}

/** `‖x‖` */
export function norm(x: Float32Array): number {
  const { kernel, memory } = openWorkspace()
  let sum = 0
  for (let from = 0; from < x.length; from += block) {
    const part = x.subarray(from, from + block)
    memory.set(part)
    memory.fill(0, part.length, roundUpTo4(part.length))
    sum += kernel.squares(0, roundUpTo4(part.length))
  }
  return Math.sqrt(sum)
}
