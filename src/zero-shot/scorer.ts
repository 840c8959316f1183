// Scores of images for classes (§3.1), by any model: the logits of a classifier over image embeddings, or, for a model without a
// joint embedding, the probability of the prompts given the image.

import type { Clip, ClipLikelihood, ImageError, ImageInput, Many } from '../clip/clip.ts'
import { inRows, rowsOf, stackRows } from '../clip/matrix.ts'
import { anything, checkOptions, trueOrFalse } from '../clip/options.ts'
import { type Classifier, checkTop, type Label, rankScores, scoresOf } from './classifier.ts'
import { distinctLabels } from './labels.ts'
import { ofLabel, promptsOf, type ZeroShotOptions, zeroShotClassifier, zeroShotRules } from './prompt-ensemble.ts'
import { defaultTemplates } from './prompts.ts'

/** One image of a stream: its score for each class, or why there is none. */
export type ScoreResult = { index: number; scores: Float32Array } | ImageError

/** A model that scores images for some classes. */
export interface Scorer {
  names: readonly string[]
  /** Logits, or log-probabilities: higher is likelier. A stream in the order given; a broken image does not end it. */
  scores(images: Many<ImageInput>, options?: { signal?: AbortSignal | undefined }): AsyncGenerator<ScoreResult>
}

/** Options of `classify`, `zeroShotScorer` and `zeroShotScores`. */
export interface ScorerOptions extends ZeroShotOptions {
  /**
   * Subtracts each class's score for a blank image, so that a class is not chosen for being a frequent word. For models
   * without a joint embedding. Default: false.
   */
  prior?: boolean | undefined
}

/** Scores of a classifier: the logits of an image's embedding. */
export const classifierScorer = (clip: Clip, classifier: Classifier): Scorer => ({
  names: classifier.names,
  async *scores(images, options) {
    for await (const result of clip.streamImages(images, options)) {
      yield 'error' in result ? result : { index: result.index, scores: scoresOf(classifier, result.embedding) }
    }
  },
})

/**
 * Scores for class names, by any model. Without a joint embedding, a class's score is the mean over templates of
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
  if (!likelihood) return classifierScorer(clip, await zeroShotClassifier(clip, names, options))

  const { template } = likelihood
  const { templates = template === undefined ? defaultTemplates : [template], onLong } = options
  const prompts = promptsOf(names, templates)
  const score = promptScorer()
  function promptScorer() {
    try {
      return likelihood!.scoresOf(prompts, { onLong })
    } catch (error) {
      throw ofLabel(error, names, templates)
    }
  }
  const classScores = async (condition: Float32Array): Promise<Float32Array> => {
    const byClass = inRows(await score(condition), templates.length)
    return Float32Array.from(rowsOf(byClass), mean)
  }
  const blankScores = prior ? await classScores(await blankCondition(likelihood, clip)) : new Float32Array(names.length)
  return {
    names,
    async *scores(images, options) {
      for await (const result of likelihood.streamConditions(images, options)) {
        if ('error' in result) {
          yield result
        } else {
          const scores = await classScores(result.embedding)
          yield { index: result.index, scores: scores.map((x, i) => x - blankScores[i]!) }
        }
      }
    },
  }
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
  const rows = await allScores(await zeroShotScorer(clip, names, options), images, options)
  const { data, shape } = stackRows(rows, names.length)
  return { scores: data, shape }
}

/**
 * For each image its labels with their scores, best first. Of labels with the same tokens (`Cat`, `cat`) only the first
 * is used.
 *
 * @param labels as texts, or a classifier: of `zeroShotClassifier`, to use it for many images, or a trained one
 * @param options.top number of labels for each image. Default: all
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
  options: ScorerOptions & { top?: number | undefined } = {},
): Promise<Label[][]> {
  checkOptions(options, { ...zeroShotRules, prior: trueOrFalse, top: anything }, 'classify')
  const { top = Infinity, ...scorerOptions } = options
  checkTop(top)
  const scorer = isClassifier(labels)
    ? classifierScorer(clip, labels)
    : await zeroShotScorer(clip, distinctLabels(clip, labels).labels, scorerOptions)
  return (await allScores(scorer, images, options)).map((scores) => rankScores(scorer.names, scores, top))
}

const isClassifier = (labels: readonly string[] | Classifier): labels is Classifier =>
  typeof labels === 'object' && labels !== null && 'weights' in labels

/** @throws InputError for the first image that cannot be read */
async function allScores(
  scorer: Scorer,
  images: Many<ImageInput>,
  { signal }: { signal?: AbortSignal | undefined },
): Promise<Float32Array[]> {
  const rows: Float32Array[] = []
  for await (const result of scorer.scores(images, { signal })) {
    if ('error' in result) throw result.error
    rows.push(result.scores)
  }
  return rows
}
