// The worst mistakes with what led to the wrong prediction drawn on them: relevance for the weights of that class.

import type { Classifier, Clip } from 'typeclip'
import type { ClassificationResult } from 'typeclip/evaluate'
import type { Explainer } from 'typeclip/inspect'
import { relevanceOverlay } from '../inspect/relevance-image.ts'

/** Small: a page may have many. */
const side = 192

/** A URL for each mistake, in its order; undefined for an image that can no longer be read. */
export async function explainedMistakes(
  { mistakes }: ClassificationResult,
  { names, weights }: Classifier,
  explainer: Explainer,
  clip: Clip,
): Promise<(string | undefined)[]> {
  const width = weights.length / names.length
  const urls: (string | undefined)[] = []
  for (const { image, answer } of mistakes) {
    const pixels = await clip.preprocess(image).catch(() => undefined)
    const index = names.indexOf(answer)
    const relevance = pixels && (await explainer.image(pixels, weights.subarray(index * width, (index + 1) * width)))
    urls.push(relevance && relevanceOverlay(relevance, { side }))
  }
  return urls
}

/** The zero-shot classifier of the evaluation, of the classes that were predicted wrongly. */
export async function mistakenClassifier(
  { mistakes, classes }: ClassificationResult,
  clip: Clip,
  templates: readonly string[] | undefined,
): Promise<Classifier> {
  const { zeroShotClassifier } = await import('typeclip')
  const names = [...new Set(mistakes.map(({ answer }) => answer))]
  const words = names.map((name) => classes.find((known) => known.name === name)?.words ?? name)
  return { ...(await zeroShotClassifier(clip, words, { templates, onLong: 'truncate' })), names }
}
