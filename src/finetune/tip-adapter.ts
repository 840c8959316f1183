// Tip-Adapter (Zhang et al., ECCV 2022): the zero-shot classifier, and beside it a cache of the few pictures that there are,
//
//     logits = exp(t) x̂ W + α exp(−β (1 − x̂ Fᵀ)) L.
//
// F: the pictures' embeddings, L: their classes, one-hot. Nothing is trained; Tip-Adapter-F trains F.

import { Tensor as Value } from 'onnxruntime-common'
import { UsageError } from '../errors.ts'
import type { LabelledFeatures } from '../evaluate/embed-samples.ts'
import { gradients } from '../graph/gradient.ts'
import { input } from '../graph/tensor.ts'
import type { Program, Runtime } from '../runtime/runtime.ts'
import type { Classifier } from '../zero-shot/classifier.ts'
import type { KeyValueCache } from '../zero-shot/key-value-cache.ts'
import { crossEntropy } from './classification-head.ts'
import { type UnitFeatures, unitRows } from './unit-features.ts'

/** What the search begins from, and what the keys are trained at. */
export const firstGuess = { alpha: 1.17, beta: 1 } as const

/**
 * A cache of the training pictures: the key of each is the mean over its augmented views, made a unit.
 *
 * @param views the same pictures in the same order, not normalised
 */
export function cacheOf(views: readonly LabelledFeatures[]): KeyValueCache {
  const [first] = views
  if (!first) throw new UsageError('a cache needs one view of each picture at least')
  const { width, labels } = first
  const odd = views.findIndex((view) => view.features.length !== first.features.length)
  if (odd >= 0) {
    throw new UsageError(
      `view ${odd} has ${views[odd]!.labels.length} pictures, and the first ${labels.length}; delete the features that were kept, and compute them again`,
    )
  }
  const mean = first.features.map((_, i) => views.reduce((sum, { features }) => sum + features[i]!, 0) / views.length)
  return { keys: unitRows(mean, width), values: labels, ...firstGuess }
}

/** Tip-Adapter's logits for many pictures at a time, and what its training and its search need. */
export interface TipAdapter {
  /** `[n, classes]`, row-major. @param cache.keys of this number, whatever their values */
  logits(x: Float32Array, cache: KeyValueCache): Promise<Float32Array>
  /** The mean cross-entropy of some pictures, and its derivative by the keys. */
  gradient(batch: UnitFeatures, cache: KeyValueCache): Promise<{ loss: number; keys: Float32Array }>
  /** Both terms before `α`: of the words, and `exp(−β (1 − x̂ Fᵀ)) L` for each `β`. */
  terms(x: Float32Array, cache: KeyValueCache, betas: readonly number[]): AsyncGenerator<Terms>
  dispose(): Promise<void>
}

export interface Terms {
  beta: number
  /** `[n, classes]` */
  words: Float32Array
  cache: Float32Array
}

/** @param words the zero-shot classifier, the model's scale within */
export async function createTipAdapter(
  runtime: Runtime,
  words: Classifier,
  { values }: Pick<KeyValueCache, 'values'>,
): Promise<TipAdapter> {
  const classes = words.names.length
  const width = words.weights.length / classes
  const n = values.length
  const oneHot = new Float32Array(n * classes)
  for (const [i, label] of values.entries()) oneHot[i * classes + label] = 1
  const fixed = {
    weights: new Value('float32', words.weights, [classes, width]),
    bias: new Value('float32', words.bias ?? new Float32Array(classes), [classes]),
    oneHot: new Value('float32', oneHot, [n, classes]),
  }

  const x = input('x', 'float32', ['n', width])
  const keys = input('keys', 'float32', [n, width])
  const [alpha, beta] = [input('alpha', 'float32', []), input('beta', 'float32', [])]
  const ofWords = x
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
  const logits = ofWords.add(near(affinity).mul(alpha))
  const loss = crossEntropy(logits, input('labels', 'float32', ['n']))
  const programs = {
    logits: await runtime.compile({ logits }),
    gradient: await runtime.compile({ loss, gradient: gradients(loss, [keys])[0]! }),
    affinity: await runtime.compile({ affinity, words: ofWords }),
    near: await runtime.compile({ cache: near(input('affinity', 'float32', ['n', n])) }),
  }
  const scalar = (value: number) => new Value('float32', Float32Array.of(value), [])
  const run = async (program: Program, values: Record<string, Value>) => {
    const wanted = { ...fixed, ...values } as Record<string, Value>
    return program.run(Object.fromEntries(program.inputs.map((name) => [name, wanted[name]!])))
  }
  const rows = (data: Float32Array) => new Value('float32', data, [data.length / width, width])
  const given = ({ keys, alpha, beta }: KeyValueCache) => ({
    keys: rows(keys),
    alpha: scalar(alpha),
    beta: scalar(beta),
  })

  return {
    async logits(x, cache) {
      const found = await run(programs.logits, { x: rows(x), ...given(cache) })
      return found.logits!.data as Float32Array
    },
    async gradient({ x, labels }, cache) {
      const label = new Value('float32', Float32Array.from(labels), [labels.length])
      const found = await run(programs.gradient, { x: rows(x), labels: label, ...given(cache) })
      return { loss: (found.loss!.data as Float32Array)[0]!, keys: found.gradient!.data as Float32Array }
    },
    async *terms(x, cache, betas) {
      const found = await run(programs.affinity, { x: rows(x), ...given(cache) })
      for (const beta of betas) {
        const { cache: term } = await run(programs.near, { affinity: found.affinity!, beta: scalar(beta) })
        yield { beta, words: found.words!.data as Float32Array, cache: term!.data as Float32Array }
      }
    },
    async dispose() {
      await Promise.all(Object.values(programs).map((program) => program.dispose()))
    },
  }
}
