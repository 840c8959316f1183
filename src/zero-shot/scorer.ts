// Zero-shot scores (§3.1) of any model: the similarity of an image's embedding and those of prompts, or, for a model without a
// joint embedding, the probability of the prompts given the image.

import type { Clip, ClipLikelihood, ImageInput, ImageResult, Many } from '../clip/clip.ts'
import { anything, checkOptions, trueOrFalse } from '../clip/options.ts'
import {
  type Classifier,
  checkTop,
  type Label,
  ofLabel,
  promptsOf,
  rank,
  scoresOf,
  type ZeroShotOptions,
  zeroShotClassifier,
  zeroShotRules,
} from './classifier.ts'
import { distinctLabels } from './labels.ts'

/** A classifier, and the model that encodes images for it. */
export interface Scorer {
  /** Its `streamImages` yields the classifier's inputs: embeddings, or the classes' scores themselves. */
  clip: Clip
  classifier: Classifier
}

/** Options of `classify`, `zeroShotScorer` and `zeroShotScores`. */
export interface ScorerOptions extends ZeroShotOptions {
  /**
   * Subtracts each class's score for a blank image, so that a class is not chosen for being a frequent word. For models
   * without a joint embedding. Default: false.
   */
  prior?: boolean | undefined
}

/**
 * A classifier from class names for any model. Without a joint embedding, a class's score is the mean over templates of
 * `log p(prompt | image) / length`.
 *
 * @param options.templates default: `a photo of a {}.`, or the name alone for bag-of-words prediction
 * @throws UsageError without names, or for a template without `{}`
 */
export async function zeroShotScorer(
  clip: Clip,
  names: readonly string[],
  { prior = false, ...options }: ScorerOptions = {},
): Promise<Scorer> {
  checkOptions(options, zeroShotRules, 'zeroShotScorer')
  const { likelihood } = clip
  if (!likelihood) return { clip, classifier: await zeroShotClassifier(clip, names, options) }

  const { templates = [likelihood.template], onLong } = options
  const score = scoresOfPrompts()
  function scoresOfPrompts() {
    try {
      return likelihood!.scoresOf(promptsOf(names, templates), onLong ? { onLong } : {})
    } catch (error) {
      throw ofLabel(error, names, templates)
    }
  }
  const classScores = async (condition: Float32Array): Promise<Float32Array> => {
    const promptScores = await score(condition)
    return Float32Array.from(names, (_, i) =>
      mean(promptScores.subarray(i * templates.length, (i + 1) * templates.length)),
    )
  }
  const blankScores = prior ? await classScores(await blankCondition(likelihood, clip)) : undefined
  const identity = Float32Array.from({ length: names.length ** 2 }, (_, i) => (i % (names.length + 1) === 0 ? 1 : 0))

  async function* streamImages(images: Many<ImageInput>, { signal }: { signal?: AbortSignal | undefined } = {}) {
    for await (const result of likelihood!.streamConditions(images, signal ? { signal } : {})) {
      if ('error' in result) {
        yield result
      } else {
        const scores = await classScores(result.embedding)
        const embedding = blankScores ? scores.map((x, i) => x - blankScores[i]!) : scores
        yield { index: result.index, embedding } satisfies ImageResult
      }
    }
  }
  return { clip: { ...clip, streamImages }, classifier: { names, weights: identity, normalize: false } }
}

/** Condition for a blank image: the mean colour, which normalises to zeros. */
async function blankCondition(likelihood: ClipLikelihood, { preprocessing }: Clip): Promise<Float32Array> {
  const { size, mean } = preprocessing
  const data = Uint8Array.from({ length: size * size * 3 }, (_, i) => Math.round(mean[i % 3]! * 255))
  const blank: ImageInput = { data, width: size, height: size, channels: 3 }
  for await (const result of likelihood.streamConditions(blank)) {
    if ('embedding' in result) return result.embedding
    throw result.error
  }
  throw new Error('a blank image gave no result')
}

const mean = (x: Float32Array): number => x.reduce((sum, value) => sum + value, 0) / x.length

/** Each image's score for each class, higher is likelier: `[images, classes]`, row-major. */
export async function zeroShotScores(
  clip: Clip,
  images: Many<ImageInput>,
  names: readonly string[],
  options: ScorerOptions = {},
): Promise<{ scores: Float32Array; shape: [number, number] }> {
  const scorer = await zeroShotScorer(clip, names, options)
  const rows: Float32Array[] = []
  for await (const embedding of embeddings(scorer, images, options)) rows.push(scoresOf(scorer.classifier, embedding))
  const scores = new Float32Array(rows.length * names.length)
  for (const [i, row] of rows.entries()) scores.set(row, i * names.length)
  return { scores, shape: [rows.length, names.length] }
}

/**
 * For each image its labels with their scores, best first. Of labels that the tokenizer reads alike (`Cat`, `cat`) the first
 * counts.
 *
 * @param labels in words, or a classifier: `zeroShotClassifier` made once and used often, or one that was trained
 * @param options.top how many labels of each image. Default: all
 * @throws InputError for the first image that cannot be read, with its `index`; UsageError for a blank label
 *
 * @example
 * ```ts
 * import { classify, load } from 'typeclip'
 *
 * const clip = await load()
 * const [labels] = await classify(clip, 'photo.jpg', ['cat', 'dog'], { templates: ['a photo of a {}.'] })
 * console.log(labels![0]) // { label: 'cat', score: 0.97 }
 * ```
 */
export async function classify(
  clip: Clip,
  images: Many<ImageInput>,
  labels: readonly string[] | Classifier,
  options: ScorerOptions & { top?: number } = {},
): Promise<Label[][]> {
  checkOptions(options, { ...zeroShotRules, prior: trueOrFalse, top: anything }, 'classify')
  const { top = Infinity, ...words } = options
  checkTop(top)
  const scorer = isClassifier(labels)
    ? { clip, classifier: labels }
    : await zeroShotScorer(clip, distinctLabels(clip, labels).labels, words)
  const labelsOfImages: Label[][] = []
  for await (const embedding of embeddings(scorer, images, options)) {
    labelsOfImages.push(rank(scorer.classifier, embedding, top))
  }
  return labelsOfImages
}

const isClassifier = (labels: readonly string[] | Classifier): labels is Classifier =>
  typeof labels === 'object' && labels !== null && 'weights' in labels

async function* embeddings(
  { clip }: Scorer,
  images: Many<ImageInput>,
  { signal }: { signal?: AbortSignal | undefined },
): AsyncGenerator<Float32Array> {
  for await (const result of clip.streamImages(images, signal ? { signal } : {})) {
    if ('error' in result) throw result.error
    yield result.embedding
  }
}
