// CoOp's training (Zhou et al., IJCV 2022, §4.1): SGD with momentum, one epoch of warm-up, half a cosine.

import { samplesAt } from '../../evaluate/embed-samples.ts'
import { createRandom } from '../../random.ts'
import type { UnitFeatures } from '../unit-features.ts'
import type { Context, PromptLearner } from './coop.ts'

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
  /** The state to resume from. */
  from?: CoopState | undefined
  signal?: AbortSignal | undefined
}

/** A run's state between two epochs. */
export interface CoopState {
  /** Epochs done. */
  epoch: number
  context: Context
  momentum: Float32Array
}

/** The authors' settings, with the weight decay and momentum of their framework. */
export const coopRecipe = { learningRate: 0.002, batch: 32, weightDecay: 5e-4 } as const
const warmupRate = 1e-5
const momentumFactor = 0.9
const deviation = 0.02

/** 50 epochs for one image per class, 100 for up to four, 200 for more. */
export const defaultEpochs = (shots: number): number => (shots <= 1 ? 50 : shots <= 4 ? 100 : 200)

/** `[m, width]`, normal with a standard deviation of 0.02. */
export function drawnContext(m: number, width: number, seed: number): Context {
  const random = createRandom('coop', seed)
  return Float32Array.from({ length: m * width }, () => random.normal(0, deviation))
}

/** The learning rate of an epoch, from 0. The cosine's period covers all epochs, and it starts after the warm-up. */
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
    momentum[i] = momentumFactor * momentum[i]! + gradient[i]! + weightDecay * context[i]!
    context[i]! -= rate * momentum[i]!
  }
}

/** Yields the state and the mean loss after each epoch. Skips the samples that do not fill a batch. */
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
      const rows = samplesAt(train, order.subarray(step * size, (step + 1) * size))
      const result = await learner.gradient(rows, context)
      descend({ context, momentum }, result.context, { rate, weightDecay })
      loss += result.loss / steps
    }
    yield { epoch: epoch + 1, context, momentum, loss }
  }
  return context
}
