// Calibration: fits a temperature and a threshold on labelled images, so that probabilities match accuracy and "none of these"
// is a possible answer (Guo et al. 2017, §4.2; `rejection.ts`).

import type { Clip } from '../clip/clip.ts'
import { type DataInput, sourceOf } from '../data/given.node.ts'
import type { Skipped, Source } from '../data/sample.ts'
import { UsageError } from '../errors.ts'
import { type Classifier, scoresOf } from '../zero-shot/classifier.ts'
import { defaultTemplates } from '../zero-shot/prompts.ts'
import type { Scores } from './classification.ts'
import { classNames, embedSamples, labelOf, noneUsable, oneClass, type SampleOptions } from './embed-samples.ts'
import { placesOf } from './evaluate-classifier.node.ts'
import { wordClassifier } from './evaluate-zero-shot.node.ts'
import { answeredAt, answers, answersWithoutOwn, chooseThreshold } from './rejection.ts'
import { type Reliability, reliability } from './reliability.ts'
import { fitTemperature } from './temperature.ts'

/** The content of a calibration file. */
export interface Calibration {
  version: 1
  /** The model's name. */
  model: string
  /** Prompt templates; empty for a trained classifier. */
  templates: readonly string[]
  /** The class names that it was fitted with. */
  names: readonly string[]
  /** Divides logits before the softmax. */
  temperature: number
  /** If the largest logit (zero-shot: the logit scale times the cosine) is below it, the answer is none of the classes. */
  threshold: number
  /** The share of answers at the threshold that are correct. */
  precision: number
  /** The share of images of the classes that are answered correctly. */
  recall: number
  /** Number of images of the classes. */
  n: number
  /** The images of "none of these": given ones, or each image once with its own class left out. */
  none: 'given' | 'left out'
  /** The share of images of none of the classes that get no answer. */
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
  /** A trained classifier, in place of a zero-shot one. */
  classifier?: Classifier | undefined
  /** Images of none of the classes. */
  none?: DataInput | undefined
  /** Chooses the lowest threshold with this precision. Default: the one with the highest F1. */
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
 * import { calibrate } from 'typeclip/evaluate'
 *
 * const { calibration } = await calibrate(await load(), 'photos')
 * console.log(calibration.temperature, calibration.threshold)
 * ```
 */
export async function calibrate(
  clip: Clip,
  data: DataInput,
  { templates, words, precision, ...options }: CalibrateOptions = {},
): Promise<Calibrated> {
  const { signal } = options
  const opening = { classes: true, signal }
  const source = await sourceOf(data, opening)
  const none = options.none && (await sourceOf(options.none, opening))
  const classifier = options.classifier ?? (await wordClassifier(clip, source, { templates, words, signal }))
  if (classifier.names.length < 2) throw oneClass(source.name, classifier.names[0]!)
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
  const unknowns = given ? answers(given.scores, given.labels) : answersWithoutOwn(scores, labels)
  const all = [...answers(scores, labels), ...unknowns]
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
      rejected: unknowns.filter(({ score }) => score < threshold).length / unknowns.length,
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
  if (labels.length === 0) throw noneUsable(source, options.skipped)
  return { scores: { data: Float32Array.from(rows), classes }, labels }
}
