// The worst mistakes with what spoke for the wrong answer drawn over them: relevance for that class's weights.

import type { Classifier, Clip } from 'typeclip'
import type { ClassificationResult } from 'typeclip/evaluate'
import type { Explainer } from 'typeclip/inspect'
import { relevanceOverlay } from '../inspect/relevance-image.ts'

/** Drawn small: a page may have many. */
const side = 192

/** An address for each mistake, in its order; undefined where its image cannot be read any more. */
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
    const at = names.indexOf(answer)
    const found = pixels && (await explainer.image(pixels, weights.subarray(at * width, (at + 1) * width)))
    urls.push(found && relevanceOverlay(found, { side }))
  }
  return urls
}

/** The classifier of the mistakes' answers, as the evaluation had it: the trained one, or the words in their prompts. */
export async function answersOf(
  { mistakes, classes }: ClassificationResult,
  clip: Clip,
  templates: readonly string[] | undefined,
): Promise<Classifier> {
  const { zeroShotClassifier } = await import('typeclip')
  const answers = [...new Set(mistakes.map(({ answer }) => answer))]
  const words = answers.map((answer) => classes.find(({ name }) => name === answer)?.words ?? answer)
  const options = { ...(templates && { templates }), onLong: 'truncate' as const }
  return { ...(await zeroShotClassifier(clip, words, options)), names: answers }
}
