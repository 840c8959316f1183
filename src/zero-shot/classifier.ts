// A linear classifier over image embeddings, and the labels that it gives (§3.1): logits, their softmax, the best first.

import { brokenNumber, unit } from '../clip/embeddings.ts'
import { foundInstead } from '../clip/input-name.ts'
import { dot, gatherRows, inRows, type Matrix, rowOf } from '../clip/matrix.ts'
import { count } from '../clip/options.ts'
import { CheckpointError, UsageError } from '../errors.ts'
import { addCacheTerm, cacheOfClasses, type KeyValueCache } from './key-value-cache.ts'

/** A linear classifier over image embeddings: zero-shot, fine-tuned, or a linear probe. */
export interface Classifier {
  names: readonly string[]
  /** `[classes, embedDim]`, row-major. The logits are an image embedding (see `normalize`) times these, plus the bias. */
  weights: Float32Array
  bias?: Float32Array | undefined
  /** Whether embeddings are normalised first. Default: true. */
  normalize?: boolean | undefined
  /** Tip-Adapter's cache of labelled images; their similarity is added to the logits. */
  cache?: KeyValueCache | undefined
}

/** A label and its score. */
export interface Label {
  /** As given. */
  label: string
  /** The probability; sums to 1 over all classes. */
  score: number
}

/** `[classes, embedDim]` */
export const weightsOf = ({ names, weights }: Pick<Classifier, 'names' | 'weights'>): Matrix =>
  inRows(weights, weights.length / names.length)

/** @throws UsageError for anything but a list of strings */
export function checkLabels(names: unknown): void {
  if (Array.isArray(names) && names.every((name) => typeof name === 'string')) return
  const wrong = Array.isArray(names) ? names.find((name) => typeof name !== 'string') : names
  throw new UsageError(`labels should be a list of strings, as ['a cat', 'a dog']; found ${foundInstead(wrong)}`)
}

/**
 * The logits `z` of an image embedding, normalised if the classifier expects that: `[classes]`
 *
 * @throws UsageError for the embedding of another model, CheckpointError if a logit is NaN or infinite
 */
export function logits(classifier: Classifier, embedding: Float32Array): Float32Array {
  const { names, bias, cache } = classifier
  const weights = weightsOf(classifier)
  const [, width] = weights.shape
  if (width !== embedding.length) {
    throw new UsageError(
      `the classifier is for embeddings of ${width} numbers, and the model gives ${embedding.length}; use the model that it was made with`,
    )
  }
  const z = Float32Array.from(names, (_, i) => dot(rowOf(weights, i), embedding, bias?.[i] ?? 0))
  if (cache) addCacheTerm(z, cache, embedding)
  const found = brokenNumber(z)
  if (found === undefined) return z
  throw new CheckpointError(
    `the classifier's logits are no numbers (found ${found}); its weights or the embedding are broken, or its training went wrong`,
  )
}

/** `z`, one for each class, of an image embedding as the model gives it. */
export function scoresOf(classifier: Classifier, embedding: Float32Array): Float32Array {
  if (!Array.isArray(embedding) && !ArrayBuffer.isView(embedding)) {
    const found = foundInstead(embedding)
    throw new UsageError(`expected one embedding, a Float32Array, as streamImages gives it; found ${found}`)
  }
  return logits(classifier, classifier.normalize === false ? embedding : unit(embedding))
}

/** The labels of an image embedding as the model gives it, best first (`rankScores`). */
export const rank = (classifier: Classifier, embedding: Float32Array, top = Infinity, temperature = 1): Label[] =>
  rankScores(classifier.names, scoresOf(classifier, embedding), top, temperature)

/**
 * Labels by `exp zᵢ / Σ exp z`, best first; `z` is divided by the temperature before. A name that occurs twice is one label with
 * the larger `z`: as two it would split its own share.
 *
 * @param scores `z` of each name
 */
export function rankScores(names: readonly string[], scores: Float32Array, top = Infinity, temperature = 1): Label[] {
  checkTop(top)
  if (!(temperature > 0 && temperature < Infinity)) {
    throw new UsageError(`rank: the temperature is ${temperature}; expected a number above 0`)
  }
  const byName = new Map<string, number>()
  for (const [i, name] of names.entries()) {
    const z = Math.fround(scores[i]! / temperature)
    byName.set(name, Math.max(z, byName.get(name) ?? z))
  }
  const z = [...byName.values()]
  const most = z.reduce((a, b) => Math.max(a, b))
  const total = z.reduce((sum, x) => sum + Math.exp(x - most), 0)
  return [...byName]
    .map(([label, x]) => ({ label, score: Math.exp(x - most) / total }))
    .sort((a, b) => b.score - a.score)
    .slice(0, top)
}

/** @throws UsageError for anything else than a number of labels, or Infinity for all */
export function checkTop(top: number): void {
  if (top !== Infinity && !count.is(top)) {
    throw new UsageError(`\`top\` is ${top}; expected how many labels are wanted, 1 or more`)
  }
}

/**
 * A classifier of some of its classes, in the given order.
 *
 * @throws UsageError for an unknown name
 */
export function narrowed(classifier: Classifier, names: readonly string[]): Classifier {
  checkLabels(names)
  const { bias, cache } = classifier
  const rows = names.map((name) => classifier.names.indexOf(name))
  const unknown = names.filter((_, i) => rows[i]! < 0)
  if (unknown.length > 0) {
    throw new UsageError(
      `the trained classifier does not know ${unknown.join(', ')}; it knows ${classifier.names.join(', ')}`,
    )
  }
  return {
    ...classifier,
    names,
    weights: gatherRows(weightsOf(classifier), rows).data,
    bias: bias && Float32Array.from(rows, (row) => bias[row]!),
    cache: cache && cacheOfClasses(cache, rows),
  }
}
