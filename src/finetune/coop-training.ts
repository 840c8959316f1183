// CoOp's training (Zhou et al., IJCV 2022, §4.1): plain descent with momentum, one epoch of warm-up, half a cosine.

import { createRandom } from '../random.ts'
import type { Context, PromptLearner } from './coop.ts'
import { rowsAt, type UnitFeatures } from './unit-features.ts'

/** Options of `trainContext`. */
export interface TrainContextOptions {
  /** Passes over the training images. */
  epochs: number
  /** The highest learning rate. */
  learningRate: number
  /** Images in a step. */
  batch: number
  /** SGD's L2 penalty. */
  weightDecay: number
  /** Decides the order of the images. */
  seed: number
  /** Where a run that was ended goes on. */
  from?: CoopState | undefined
  signal?: AbortSignal | undefined
}

/** Where a run stands between two epochs. */
export interface CoopState {
  /** Epochs that are done. */
  epoch: number
  context: Context
  momentum: Float32Array
}

/** The authors', with the decay and the momentum of the framework that they used. */
export const coopRecipe = { learningRate: 0.002, batch: 32, weightDecay: 5e-4 } as const
const warmupRate = 1e-5
const kept = 0.9
const deviation = 0.02

/** 50 for a picture of each class, 100 for up to four, 200 for more. */
export const usualEpochs = (shots: number): number => (shots <= 1 ? 50 : shots <= 4 ? 100 : 200)

/** `m` words of `width` numbers, normal with a deviation of 0.02. */
export function drawnContext(m: number, width: number, seed: number): Context {
  const random = createRandom('coop', seed)
  return Float32Array.from({ length: m * width }, () => random.normal(0, deviation))
}

/** The rate of a whole epoch, from 0: the cosine is as long as all epochs, and begins after the warm-up. */
export const rateAt = (
  epoch: number,
  { epochs, learningRate }: Pick<TrainContextOptions, 'epochs' | 'learningRate'>,
) => (epoch === 0 ? warmupRate : learningRate * 0.5 * (1 + Math.cos((Math.PI * (epoch - 1)) / epochs)))

/** `b = 0.9 b + g + λ v,  v = v − η b`, in place. */
export function descend(
  { context, momentum }: Pick<CoopState, 'context' | 'momentum'>,
  gradient: Float32Array,
  { rate, weightDecay }: { rate: number; weightDecay: number },
): void {
  for (let i = 0; i < context.length; i++) {
    momentum[i] = kept * momentum[i]! + gradient[i]! + weightDecay * context[i]!
    context[i]! -= rate * momentum[i]!
  }
}

/** Yields after each epoch where the run stands, with the epoch's mean loss. What does not fill a batch is left out. */
export async function* trainContext(
  learner: PromptLearner,
  train: UnitFeatures,
  initial: Context,
  { epochs, learningRate, batch, weightDecay, seed, from, signal }: TrainContextOptions,
): AsyncGenerator<CoopState & { loss: number }, Context> {
  const n = train.labels.length
  const size = Math.min(batch, n)
  const context = (from?.context ?? initial).slice()
  const momentum = from?.momentum.slice() ?? new Float32Array(context.length)
  for (let epoch = from?.epoch ?? 0; epoch < epochs; epoch++) {
    const order = createRandom('coop', seed, epoch).shuffle(Uint32Array.from({ length: n }, (_, i) => i))
    const rate = rateAt(epoch, { epochs, learningRate })
    const steps = Math.floor(n / size)
    let loss = 0
    for (let step = 0; step < steps; step++) {
      signal?.throwIfAborted()
      const rows = rowsAt(train, order.subarray(step * size, (step + 1) * size))
      const found = await learner.gradient(rows, context)
      descend({ context, momentum }, found.context, { rate, weightDecay })
      loss += found.loss / steps
    }
    yield { epoch: epoch + 1, context, momentum, loss }
  }
  return context
}
