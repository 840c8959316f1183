// Zero-shot scores (§3.1) of any model, whatever its objective was: an image's embedding compared with those of prompts, or,
// where a model has no joint embedding, the probability of the prompts for the image.

import type { Clip, ClipLikelihood, ImageInput, ImageResult, Many } from '../load.ts'
import { anything, checkOptions, trueOrFalse } from '../options.ts'
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

/** A classifier, and the model that reads images for it. */
export interface Scorer {
  /** Its `streamImages` gives what `classifier` takes: embeddings, or the scores of the classes themselves. */
  clip: Clip
  classifier: Classifier
}

/** Options of `classify`, `zeroShotScorer` and `zeroShotScores`. */
export interface ScorerOptions extends ZeroShotOptions {
  /**
   * For a model without a joint embedding: subtracts the score of each class for a blank image, so that a class is not
   * chosen only because its label is a frequent word. Default: false.
   */
  prior?: boolean
}

/**
 * A classifier of labels in words, for any model. Where a model has no joint embedding, the score of a class is
 * `log p(prompt | image)` divided by the length of the prompt, averaged over the templates.
 *
 * @param options.templates default: `a photo of a {}.`; the label alone for a model of bag-of-words prediction
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
    const each = await score(condition)
    return Float32Array.from(names, (_, i) => mean(each.subarray(i * templates.length, (i + 1) * templates.length)))
  }
  const usual = prior ? await classScores(await blankCondition(likelihood, clip)) : undefined
  const identity = Float32Array.from({ length: names.length ** 2 }, (_, i) => (i % (names.length + 1) === 0 ? 1 : 0))

  async function* streamImages(images: Many<ImageInput>, { signal }: { signal?: AbortSignal } = {}) {
    for await (const result of likelihood!.streamConditions(images, signal ? { signal } : {})) {
      if ('error' in result) {
        yield result
      } else {
        const scores = await classScores(result.embedding)
        const embedding = usual ? scores.map((x, i) => x - usual[i]!) : scores
        yield { index: result.index, embedding } satisfies ImageResult
      }
    }
  }
  return { clip: { ...clip, streamImages }, classifier: { names, weights: identity, normalize: false } }
}

/** The condition of a blank image: the mean colour, which normalising turns into zeros. */
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

/** The score of each image for each class: `[images, classes]`, row-major; higher is likelier. */
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
 * For each image its labels with their scores, best first.
 *
 * @param labels in words, or a classifier: `zeroShotClassifier` made once and used often, or one that was trained
 * @param options.top how many labels of each image. Default: all
 * @throws InputError for the first image that cannot be read, with its `index`
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
  const scorer = isClassifier(labels) ? { clip, classifier: labels } : await zeroShotScorer(clip, labels, words)
  const found: Label[][] = []
  for await (const embedding of embeddings(scorer, images, options)) {
    found.push(rank(scorer.classifier, embedding, top))
  }
  return found
}

const isClassifier = (labels: readonly string[] | Classifier): labels is Classifier =>
  typeof labels === 'object' && labels !== null && 'weights' in labels

async function* embeddings(
  { clip }: Scorer,
  images: Many<ImageInput>,
  { signal }: { signal?: AbortSignal },
): AsyncGenerator<Float32Array> {
  for await (const result of clip.streamImages(images, signal ? { signal } : {})) {
    if ('error' in result) throw result.error
    yield result.embedding
  }
}
