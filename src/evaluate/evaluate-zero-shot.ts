// Zero-shot classification judged by labelled pictures (§3.1): the classes in words, or a classifier that is there already.

import type { Source } from '../data/sample.ts'
import { UsageError } from '../errors.ts'
import type { Clip } from '../load.ts'
import type { Classifier, ZeroShotOptions } from '../zero-shot/classifier.ts'
import { type Scorer, zeroShotScorer } from '../zero-shot/scorer.ts'
import type { Calibration } from './calibration.ts'
import { classNames } from './embed-samples.ts'
import { type ClassificationResult, evaluateClassifier, type JudgeOptions } from './evaluate-classifier.ts'

/** Options of `evaluateZeroShot`. */
export interface EvaluateZeroShotOptions extends Omit<JudgeOptions, 'calibration'> {
  /** Each with `{}` for the class; the calibration's, or `a photo of a {}.`, unless told. */
  templates?: readonly string[] | undefined
  calibration?: Pick<Calibration, 'temperature' | 'threshold' | 'templates'> | undefined
}

/**
 * Zero-shot classification measured on labelled images (§3.1 of the paper). `words` says what the prompts call a class of the
 * data; entries for classes that the data does not have are possible answers too, and only lower the numbers.
 *
 * @throws UsageError for data without classes, or two classes with the same label
 *
 * @example
 * ```ts
 * import { load } from 'typeclip'
 * import { evaluateZeroShot, openSource } from 'typeclip/evaluate'
 *
 * const result = await evaluateZeroShot(await load(), await openSource('photos'))
 * console.log(result.top1, result.confusion)
 * ```
 */
export async function evaluateZeroShot(
  clip: Clip,
  source: Source,
  { templates, ...options }: EvaluateZeroShotOptions = {},
): Promise<ClassificationResult> {
  const { words, signal } = options
  const scorer = await wordScorer(clip, source, {
    words,
    templates: templates ?? options.calibration?.templates,
    signal,
  })
  return evaluateClassifier(scorer.clip, scorer.classifier, source, options)
}

interface WordOptions {
  words?: ReadonlyMap<string, string> | undefined
  templates?: readonly string[] | undefined
  signal?: AbortSignal | undefined
}

/** A classifier of the words for the classes of a data set, of a model with a joint embedding. */
export async function wordClassifier(clip: Clip, source: Source, options: WordOptions): Promise<Classifier> {
  if (clip.likelihood) {
    throw new UsageError(`${clip.name} has no joint embedding; it can be evaluated with zero-shot, and not calibrated`)
  }
  return (await wordScorer(clip, source, options)).classifier
}

/** The words for the classes of a data set, scored as the model does it. */
function wordScorer(
  clip: Clip,
  source: Source,
  { words = new Map(), templates, signal }: WordOptions,
): Promise<Scorer> {
  const labels = classNames(source)
  const all = [...labels, ...[...words.keys()].filter((name) => !labels.includes(name))]
  const called = new Map<string, string>()
  for (const name of all) {
    const word = words.get(name) ?? name
    const other = called.get(word)
    if (other !== undefined) {
      throw new UsageError(`the classes ${other} and ${name} are both called "${word}"; no model could tell them apart`)
    }
    called.set(word, name)
  }
  const options: ZeroShotOptions = { ...(templates && { templates }), ...(signal && { signal }), onLong: 'truncate' }
  return zeroShotScorer(clip, [...called.keys()], options)
}
