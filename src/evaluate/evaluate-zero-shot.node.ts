// Evaluates zero-shot classification on labelled images (§3.1).

import type { Clip } from '../clip/clip.ts'
import { type DataInput, sourceOf } from '../data/given.node.ts'
import type { Source } from '../data/sample.ts'
import { UsageError } from '../errors.ts'
import { type Scorer, zeroShotScorer } from '../zero-shot/scorer.ts'
import type { Calibration } from './calibration-record.ts'
import { type ClassificationResult, evaluateScorer, type JudgeOptions } from './evaluate-classifier.node.ts'
import { classNames } from './labelled-data.ts'

/** Options of `evaluateZeroShot`. */
export interface EvaluateZeroShotOptions extends Omit<JudgeOptions, 'calibration'> {
  /** Prompt templates, each with `{}` for the class. Default: the calibration's, or `a photo of a {}.` */
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
 * import { evaluateZeroShot } from 'typeclip/evaluate'
 *
 * const result = await evaluateZeroShot(await load(), 'photos')
 * console.log(result.top1, result.confusion)
 * ```
 */
export async function evaluateZeroShot(
  clip: Clip,
  data: DataInput,
  { templates, ...options }: EvaluateZeroShotOptions = {},
): Promise<ClassificationResult> {
  const source = await sourceOf(data, { classes: true, signal: options.signal })
  const { words, signal } = options
  const scorer = await wordScorer(clip, source, {
    words,
    templates: templates ?? options.calibration?.templates,
    signal,
  })
  return evaluateScorer(scorer, source, options)
}

interface WordOptions {
  words?: ReadonlyMap<string, string> | undefined
  templates?: readonly string[] | undefined
  signal?: AbortSignal | undefined
}

/** A zero-shot scorer of a data set's classes, for any model. */
export function wordScorer(
  clip: Clip,
  source: Source,
  { words = new Map(), templates, signal }: WordOptions,
): Promise<Scorer> {
  const labels = classNames(source)
  const all = [...labels, ...[...words.keys()].filter((name) => !labels.includes(name))]
  const nameByWord = new Map<string, string>()
  for (const name of all) {
    const word = words.get(name) ?? name
    const other = nameByWord.get(word)
    if (other !== undefined) {
      throw new UsageError(`the classes ${other} and ${name} are both called "${word}"; no model could tell them apart`)
    }
    nameByWord.set(word, name)
  }
  return zeroShotScorer(clip, [...nameByWord.keys()], { templates, signal, onLong: 'truncate' })
}
