// Zero-shot classification with prompt ensembling (§3.1): a class's weights are the mean of its prompts' normalised embeddings,
// normalised again.

import type { Clip, EncodeTextOptions } from '../clip/clip.ts'
import { brokenNumber, unit } from '../clip/embeddings.ts'
import { foundInstead, inputName } from '../clip/input-name.ts'
import { dot, gatherRows, inRows, type Matrix, rowOf, rowRange, rowsOf, stackRows } from '../clip/matrix.ts'
import { anything, checkOptions, count, listOf } from '../clip/options.ts'
import { CheckpointError, InputError, UsageError } from '../errors.ts'
import { addCacheTerm, cacheOfClasses, type KeyValueCache } from './key-value-cache.ts'
import { checkTemplates, defaultTemplates, fillTemplates } from './prompts.ts'

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

/** Options of `zeroShotClassifier`. */
export interface ZeroShotOptions extends EncodeTextOptions {
  /** Prompt templates, each with `{}` for the label. Default: `a photo of a {}.` alone. */
  templates?: readonly string[] | undefined
}

export const zeroShotRules = {
  templates: listOf({ is: (value) => typeof value === 'string', expected: 'prompt templates' }),
  onLong: anything, // `encodeText` checks it, as it does the signal
  signal: anything,
  normalize: anything,
}

/**
 * A zero-shot classifier (§3.1): the weights of a class are the normalised mean of its prompts' normalised embeddings
 * (prompt ensembling, §3.1.4), times the model's logit scale. Keep it to classify many images.
 *
 * @throws UsageError without labels, or for a template without `{}`
 *
 * @example
 * ```ts
 * import { classify, load, zeroShotClassifier } from 'typeclip'
 *
 * const clip = await load()
 * const classifier = await zeroShotClassifier(clip, ['cat', 'dog'])
 * for (const image of ['1.jpg', '2.jpg']) console.log(await classify(clip, image, classifier))
 * ```
 */
export async function zeroShotClassifier(
  clip: Clip,
  names: readonly string[],
  options: ZeroShotOptions = {},
): Promise<Classifier> {
  checkOptions(options, zeroShotRules, 'zeroShotClassifier')
  const { templates = defaultTemplates, onLong, signal } = options
  const prompts = promptsOf(names, templates)
  const embeddings = await clip.encodeText(prompts, { onLong, signal, normalize: true }).catch((error: unknown) => {
    throw ofLabel(error, names, templates)
  })
  const width = embeddings.shape[1]
  const rows = names.map((_, i) => {
    const mean = new Float32Array(width)
    for (const prompt of rowsOf(rowRange(embeddings, i * templates.length, (i + 1) * templates.length))) {
      for (let c = 0; c < width; c++) mean[c]! += prompt[c]! / templates.length
    }
    return unit(mean).map((x) => x * clip.logitScale)
  })
  const bias = clip.logitBias ? new Float32Array(names.length).fill(clip.logitBias) : undefined
  return { names, weights: stackRows(rows, width).data, bias }
}

/** `[classes, embedDim]` */
export const weightsOf = ({ names, weights }: Pick<Classifier, 'names' | 'weights'>): Matrix =>
  inRows(weights, weights.length / names.length)

/** The error of a prompt as that of its label. */
export function ofLabel(error: unknown, names: readonly string[], templates: readonly string[]): unknown {
  if (!(error instanceof InputError) || error.index === undefined) return error
  const index = Math.floor(error.index / templates.length)
  return Object.assign(error, { index, input: inputName(names[index]) })
}

/**
 * Every name in every template: all prompts of the first name, then of the second.
 *
 * @throws UsageError if there is no name, a blank one, or a template without a place for it
 */
export function promptsOf(names: readonly string[], templates: readonly string[]): string[] {
  checkLabels(names)
  if (names.length === 0) throw new UsageError('no labels were given; at least one is needed')
  const blank = names.findIndex((name) => name.trim() === '')
  if (blank >= 0) throw new UsageError(`label ${blank + 1} of ${names.length} is blank and has no words; leave it out`)
  checkTemplates(templates)
  return names.flatMap((name) => fillTemplates(templates, name))
}

/** @throws UsageError for anything but a list of strings */
export function checkLabels(names: unknown): void {
  if (Array.isArray(names) && names.every((name) => typeof name === 'string')) return
  const wrong = Array.isArray(names) ? names.find((name) => typeof name !== 'string') : names
  throw new UsageError(`labels should be a list of strings, as ['a cat', 'a dog']; found ${foundInstead(wrong)}`)
}

/**
 * The logits `z` of an image embedding, normalised if the classifier expects that: `[classes]`
 *
 * @throws UsageError for the embedding of another model, CheckpointError where a logit is no number
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
