// Tip-Adapter (Zhang et al., ECCV 2022): the zero-shot classifier plus a cache of the few training images,
//
//     logits = exp(t) x̂ W + α exp(−β (1 − x̂ Fᵀ)) L.
//
// F: the images' embeddings, L: their classes, one-hot. Nothing is trained; Tip-Adapter-F trains F.

import { Tensor as Value } from 'onnxruntime-common'
import { type Matrix, matrixOf } from '../../clip/matrix.ts'
import { UsageError } from '../../errors.ts'
import type { LabelledFeatures } from '../../evaluate/embed-samples.ts'
import { gradients } from '../../graph/gradient.ts'
import { input } from '../../graph/tensor.ts'
import type { Program, Runtime } from '../../runtime/runtime.ts'
import { type Classifier, weightsOf } from '../../zero-shot/classifier.ts'
import type { KeyValueCache } from '../../zero-shot/key-value-cache.ts'
import { crossEntropy } from '../head/classification-head.ts'
import { type UnitFeatures, unitRows } from '../unit-features.ts'

/** The values with which the keys are trained, before the search. */
export const firstGuess = { alpha: 1.17, beta: 1 } as const

/**
 * A cache of the training images: the key of each is the mean over its augmented views, normalised.
 *
 * @param views features of the same images in the same order, not normalised
 */
export function cacheOf(views: readonly Pick<LabelledFeatures, 'features' | 'labels'>[]): KeyValueCache {
  const [first] = views
  if (!first) throw new UsageError('a cache needs at least one view of each image')
  const { features, labels } = first
  const odd = views.findIndex((view) => view.features.data.length !== features.data.length)
  if (odd >= 0) {
    throw new UsageError(
      `view ${odd} has ${views[odd]!.labels.length} images, and the first ${labels.length}; delete the cached features and compute them again`,
    )
  }
  const mean = features.data.map((_, i) => views.reduce((sum, view) => sum + view.features.data[i]!, 0) / views.length)
  return { keys: unitRows({ data: mean, shape: features.shape }).data, values: labels, ...firstGuess }
}

/** Tip-Adapter's logits for batches of images, and what its training and search need. */
export interface TipAdapter {
  /** `[n, classes]`. @param cache with as many keys as the adapter was created for */
  logits(x: Matrix, cache: KeyValueCache): Promise<Matrix>
  /** The mean cross-entropy of a batch, and its derivative by the keys. */
  gradient(batch: UnitFeatures, cache: KeyValueCache): Promise<{ loss: number; keys: Float32Array }>
  /** Both terms without `α`: the zero-shot logits, and `exp(−β (1 − x̂ Fᵀ)) L` for each `β`. */
  terms(x: Matrix, cache: KeyValueCache, betas: readonly number[]): AsyncGenerator<Terms>
  dispose(): Promise<void>
}

/** Weights of the cache and of zero-shot in Tip-Adapter. */
export interface Terms {
  beta: number
  /** `[n, classes]` */
  words: Matrix
  cache: Matrix
}

/** @param words the zero-shot classifier, with the model's logit scale in its weights */
export async function createTipAdapter(
  runtime: Runtime,
  words: Classifier,
  { values }: Pick<KeyValueCache, 'values'>,
): Promise<TipAdapter> {
  const weights = weightsOf(words)
  const [classes, width] = weights.shape
  const n = values.length
  const oneHot = new Float32Array(n * classes)
  for (const [i, label] of values.entries()) oneHot[i * classes + label] = 1
  const fixed = {
    weights: asValue(weights),
    bias: new Value('float32', words.bias ?? new Float32Array(classes), [classes]),
    oneHot: new Value('float32', oneHot, [n, classes]),
  }

  const x = input('x', 'float32', ['n', width])
  const keys = input('keys', 'float32', [n, width])
  const [alpha, beta] = [input('alpha', 'float32', []), input('beta', 'float32', [])]
  const zeroShot = x
    .matmulTransposed(input('weights', 'float32', [classes, width]))
    .add(input('bias', 'float32', [classes]))
  const near = (affinity: typeof x) =>
    affinity
      .sub(1)
      .mul(beta)
      .exp()
      .matmul(input('oneHot', 'float32', [n, classes]))
      .is('n', classes)
  const affinity = x.matmulTransposed(keys)
  const logits = zeroShot.add(near(affinity).mul(alpha))
  const loss = crossEntropy(logits, input('labels', 'float32', ['n']))
  const programs = {
    logits: await runtime.compile({ logits }),
    gradient: await runtime.compile({ loss, gradient: gradients(loss, [keys])[0]! }),
    affinity: await runtime.compile({ affinity, words: zeroShot }),
    near: await runtime.compile({ cache: near(input('affinity', 'float32', ['n', n])) }),
  }
  const scalar = (value: number) => new Value('float32', Float32Array.of(value), [])
  const run = async (program: Program, values: Record<string, Value>) => {
    const all = { ...fixed, ...values } as Record<string, Value>
    return program.run(Object.fromEntries(program.inputs.map((name) => [name, all[name]!])))
  }
  const cacheInputs = ({ keys, alpha, beta }: KeyValueCache) => ({
    keys: new Value('float32', keys, [n, width]),
    alpha: scalar(alpha),
    beta: scalar(beta),
  })

  return {
    async logits(x, cache) {
      const outputs = await run(programs.logits, { x: asValue(x), ...cacheInputs(cache) })
      return matrixOf(outputs.logits!)
    },
    async gradient({ features, labels }, cache) {
      const label = new Value('float32', Float32Array.from(labels), [labels.length])
      const outputs = await run(programs.gradient, { x: asValue(features), labels: label, ...cacheInputs(cache) })
      return { loss: (outputs.loss!.data as Float32Array)[0]!, keys: outputs.gradient!.data as Float32Array }
    },
    async *terms(x, cache, betas) {
      const outputs = await run(programs.affinity, { x: asValue(x), ...cacheInputs(cache) })
      for (const beta of betas) {
        const { cache: term } = await run(programs.near, { affinity: outputs.affinity!, beta: scalar(beta) })
        yield { beta, words: matrixOf(outputs.words!), cache: matrixOf(term!) }
      }
    },
    async dispose() {
      await Promise.all(Object.values(programs).map((program) => program.dispose()))
    },
  }
}

const asValue = ({ data, shape }: Matrix): Value => new Value('float32', data, shape)
