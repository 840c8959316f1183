// Calibration: a temperature and a threshold fitted on labelled pictures, so that a probability can be taken at its word
// and "none of these" is an answer (Guo et al. 2017, §4.2; `rejection.ts`).

import type { Skipped, Source } from '../data/sample.ts'
import { UsageError } from '../errors.ts'
import type { Clip } from '../load.ts'
import { type Classifier, scoresOf } from '../zero-shot/classifier.ts'
import { defaultTemplates } from '../zero-shot/prompts.ts'
import type { Scores } from './classification.ts'
import { classNames, embedSamples, labelOf, type SampleOptions } from './embed-samples.ts'
import { placesOf } from './evaluate-classifier.ts'
import { wordClassifier } from './evaluate-zero-shot.ts'
import { answeredAt, answers, answersWithoutOwn, chooseThreshold } from './rejection.ts'
import { type Reliability, reliability } from './reliability.ts'
import { fitTemperature } from './temperature.ts'

/** What a calibration file holds. */
export interface Calibration {
  version: 1
  /** As it was asked for. */
  model: string
  /** Of the prompts; none for a trained classifier. */
  templates: readonly string[]
  /** The labels that it was fitted with. */
  names: readonly string[]
  /** Logits are divided by it before the softmax. */
  temperature: number
  /** Where the largest logit (of words: the model's scale times the cosine) is below it, the answer is none of them. */
  threshold: number
  /** Of the answers given at the threshold, the share that is right, */
  precision: number
  /** and of the pictures of a label, the share that is answered rightly. */
  recall: number
  /** Pictures of the labels that it was fitted on. */
  n: number
  /** Which pictures stood for "none of these": some that were given, or each picture once with its own label left out. */
  none: 'given' | 'left out'
  /** Of the pictures of none of the labels, the share that gets no answer. */
  rejected: number
}

/** A fitted calibration, with the reliability before and after. */
export interface Calibrated {
  /** The temperature and the threshold. */
  calibration: Calibration
  /** Reliability at the original scale. */
  before: Reliability
  /** Reliability at the fitted temperature. */
  after: Reliability
  /** Images that could not be used, and why. */
  skipped: Skipped[]
}

/** Options of `calibrate`. */
export interface CalibrateOptions extends SampleOptions {
  templates?: readonly string[] | undefined
  words?: ReadonlyMap<string, string> | undefined
  /** One that is there already, in place of words. */
  classifier?: Classifier | undefined
  /** Pictures of none of the classes. */
  none?: Source | undefined
  /** The threshold is the lowest that reaches this precision; else the one with the highest F1. */
  precision?: number | undefined
}

/**
 * Fits a temperature and a threshold on labelled images, so that confidences match accuracy (Guo et al. 2017) and "none of
 * these" is a possible answer.
 *
 * @throws UsageError for data with fewer than two classes, or when no threshold reaches the given precision
 *
 * @example
 * ```ts
 * import { load } from 'typeclip'
 * import { calibrate, openSource } from 'typeclip/evaluate'
 *
 * const { calibration } = await calibrate(await load(), await openSource('photos'))
 * console.log(calibration.temperature, calibration.threshold)
 * ```
 */
export async function calibrate(
  clip: Clip,
  source: Source,
  { templates, words, none, precision, ...options }: CalibrateOptions = {},
): Promise<Calibrated> {
  const classifier =
    options.classifier ?? (await wordClassifier(clip, source, { templates, words, signal: options.signal }))
  const classes = classifier.names.length
  if (classes < 2) throw new UsageError(`${source.name} has one class; a calibration needs two at least`)
  const places = placesOf(classifier, classNames(source), words ?? new Map())
  const skipped: Skipped[] = []
  const { scores, labels } = await collect(
    clip,
    classifier,
    source,
    { ...options, skipped },
    (sample) => places.get(labelOf(sample, source))!,
  )
  const temperature = fitTemperature(scores, labels)
  const given = none && (await collect(clip, classifier, none, { ...options, skipped }, () => -1))
  const strangers = given ? answers(given.scores, given.labels) : answersWithoutOwn(scores, labels)
  const all = [...answers(scores, labels), ...strangers]
  const threshold = chooseThreshold(all, precision)
  if (threshold === undefined) {
    throw new UsageError(
      `no threshold reaches a precision of ${precision} on ${source.name}; choose a smaller \`precision\``,
    )
  }
  const reached = answeredAt(all, threshold)
  return {
    calibration: {
      version: 1,
      model: clip.name,
      templates: options.classifier ? [] : (templates ?? defaultTemplates),
      names: classifier.names,
      temperature,
      threshold,
      precision: reached.precision,
      recall: reached.recall,
      n: labels.length,
      none: given ? 'given' : 'left out',
      rejected: strangers.filter(({ score }) => score < threshold).length / strangers.length,
    },
    before: reliability(scores, labels),
    after: reliability(scores, labels, { temperature }),
    skipped,
  }
}

async function collect(
  clip: Clip,
  classifier: Classifier,
  source: Source,
  options: SampleOptions & { skipped: Skipped[] },
  label: (sample: Parameters<typeof labelOf>[0]) => number,
): Promise<{ scores: Scores; labels: number[] }> {
  const classes = classifier.names.length
  const rows: number[] = []
  const labels: number[] = []
  for await (const { sample, embedding } of embedSamples(clip, source, options)) {
    for (const z of scoresOf(classifier, embedding)) rows.push(z)
    labels.push(label(sample))
  }
  if (labels.length === 0) throw new UsageError(`${source.name}: none of its ${source.size} pictures could be used`)
  return { scores: { data: Float32Array.from(rows), classes }, labels }
}
