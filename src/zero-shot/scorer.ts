// Zero-shot scores (§3.1) by any model, whatever it was trained by: a picture's embedding against those of prompts, or,
// where a model has no joint embedding, how probable it finds the prompts for the picture.

import type { Clip, ClipLikelihood, ImageInput, ImageResult, Many } from '../load.ts'
import {
  type Classifier,
  type Label,
  promptsOf,
  rank,
  scoresOf,
  type ZeroShotOptions,
  zeroShotClassifier,
} from './classifier.ts'
import { distinctLabels } from './labels.ts'

/** A classifier, and what reads pictures for it. */
export interface Scorer {
  /** The model, whose `streamImages` gives what `classifier` takes: embeddings, or the classes' scores themselves. */
  clip: Clip
  classifier: Classifier
}

export interface ScorerOptions extends ZeroShotOptions {
  /**
   * Of a model without a joint embedding: subtracts what each class scores for a blank picture, so that a class is not
   * chosen for being a frequent word. Off by default.
   */
  prior?: boolean
}

/**
 * A classifier of words for any model. Of one without a joint embedding a class's score is the mean over templates of
 * `log p(prompt | picture)`, by the prompt's length.
 *
 * @param options.templates where left out, `a photo of a {}.`; the name alone for a model of bag-of-words prediction
 * @throws UsageError without names, or for a template without `{}`
 */
export async function zeroShotScorer(
  clip: Clip,
  names: readonly string[],
  { prior = false, ...options }: ScorerOptions = {},
): Promise<Scorer> {
  const { likelihood } = clip
  if (!likelihood) return { clip, classifier: await zeroShotClassifier(clip, names, options) }

  const { templates = [likelihood.template], onLong } = options
  const score = likelihood.scoresOf(promptsOf(names, templates), onLong ? { onLong } : {})
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

/** What is read of a picture of nothing: the mean colour, which normalising makes zeros. */
async function blankCondition(likelihood: ClipLikelihood, { preprocessing }: Clip): Promise<Float32Array> {
  const { size, mean } = preprocessing
  const data = Uint8Array.from({ length: size * size * 3 }, (_, i) => Math.round(mean[i % 3]! * 255))
  const blank: ImageInput = { data, width: size, height: size, channels: 3 }
  for await (const result of likelihood.streamConditions(blank)) {
    if ('embedding' in result) return result.embedding
    throw result.error
  }
  throw new Error('a blank picture gave no result')
}

const mean = (x: Float32Array): number => x.reduce((sum, value) => sum + value, 0) / x.length

/** What each of some pictures scores for each class: `[images, classes]`, row-major; higher is likelier. */
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
 * Labels of each image, best first, with their scores. Of labels that the model reads alike (`Cat`, `cat`) the first counts.
 *
 * @throws UsageError for a blank label
 */
export async function classify(
  clip: Clip,
  images: Many<ImageInput>,
  labels: readonly string[] | Classifier,
  options: ScorerOptions & { top?: number } = {},
): Promise<Label[][]> {
  const scorer =
    'weights' in labels
      ? { clip, classifier: labels }
      : await zeroShotScorer(clip, distinctLabels(clip, labels).labels, options)
  const found: Label[][] = []
  for await (const embedding of embeddings(scorer, images, options)) {
    found.push(rank(scorer.classifier, embedding, options.top))
  }
  return found
}

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
