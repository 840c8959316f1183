// Tip-Adapter-F (Zhang et al., ECCV 2022, §3.2): trains the cache's keys by cross-entropy, initialised as in Tip-Adapter.

import { predictions } from '../../evaluate/classification.ts'
import { samplesAt } from '../../evaluate/embed-samples.ts'
import { createRandom } from '../../random.ts'
import { adamW } from '../../training/adamw.ts'
import { learningRateAt } from '../../training/schedule.ts'
import type { KeyValueCache } from '../../zero-shot/key-value-cache.ts'
import type { MethodProgress } from '../method.ts'
import type { UnitFeatures } from '../unit-features.ts'
import type { TipAdapter } from './tip-adapter.ts'

/** Options of `trainKeys`. */
export interface TrainKeysOptions {
  /** Passes over the training images. */
  epochs: number
  /** The highest learning rate. */
  learningRate: number
  /** Images in a step. */
  batch: number
  /** Decoupled weight decay. */
  weightDecay: number
  /** Decides the order of the images. */
  seed: number
  signal?: AbortSignal | undefined
}

/** The authors' settings: AdamW with PyTorch's weight decay and a large ε, half a cosine. */
export const keysRecipe = { epochs: 20, learningRate: 1e-3, batch: 256, weightDecay: 0.01 } as const
const optimizer = { beta1: 0.9, beta2: 0.999, eps: 1e-4 } as const

/**
 * @param views augmented views of the training images, one per epoch, in turns
 * @param val selects the epoch with the best keys
 * @returns the cache with the best keys
 */
export async function* trainKeys(
  adapter: TipAdapter,
  cache: KeyValueCache,
  views: readonly UnitFeatures[],
  val: UnitFeatures,
  { epochs, learningRate, batch, weightDecay, seed, signal }: TrainKeysOptions,
): AsyncGenerator<MethodProgress, KeyValueCache> {
  const keys = cache.keys.slice()
  const moments = { m: new Float32Array(keys.length), v: new Float32Array(keys.length) }
  const n = cache.values.length
  const schedule = { kind: 'cosine', learningRate, warmup: 0, steps: epochs * Math.ceil(n / batch) } as const
  let best = { keys: cache.keys, accuracy: -1 }
  let t = 0
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = createRandom('tip-adapter-f', seed, epoch).shuffle(Uint32Array.from({ length: n }, (_, i) => i))
    const view = views[epoch % views.length]!
    let loss = 0
    for (let from = 0; from < n; from += batch) {
      signal?.throwIfAborted()
      const rows = samplesAt(view, order.subarray(from, from + batch))
      const result = await adapter.gradient(rows, { ...cache, keys })
      const rate = learningRateAt(schedule, t++)
      adamW(keys, result.keys, moments, { t, learningRate: rate, decayed: keys.length }, { ...optimizer, weightDecay })
      loss += (result.loss * rows.labels.length) / n
    }
    const accuracy = await accuracyOf(adapter, { ...cache, keys }, val)
    if (accuracy > best.accuracy) best = { keys: keys.slice(), accuracy }
    yield { kind: 'progress', what: 'epochs', done: epoch + 1, of: epochs, numbers: { loss, 'top-1': accuracy } }
  }
  return { ...cache, keys: best.keys }
}

async function accuracyOf(
  adapter: TipAdapter,
  cache: KeyValueCache,
  { features, labels }: UnitFeatures,
): Promise<number> {
  const predicted = predictions(await adapter.logits(features, cache))
  return labels.filter((label, i) => predicted[i] === label).length / labels.length
}
