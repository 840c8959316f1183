// Calibration: fits a temperature and a threshold on labelled images, so that probabilities match accuracy and "none of these"
// is a possible answer (Guo et al. 2017, §4.2; `rejection.ts`).

import type { Clip } from '../clip/clip.ts'
import { type Matrix, stackRows } from '../clip/matrix.ts'
import { type DataInput, sourceOf } from '../data/given.node.ts'
import type { Sample, Skipped, Source } from '../data/sample.ts'
import { UsageError } from '../errors.ts'
import type { Classifier } from '../zero-shot/classifier.ts'
import { defaultTemplates } from '../zero-shot/prompts.ts'
import { classifierScorer, type Scorer } from '../zero-shot/scorer.ts'
import type { Calibration } from './calibration-record.ts'
import { type SampleOptions, streamSamples } from './embed-samples.ts'
import { placesOf } from './evaluate-classifier.node.ts'
import { wordScorer } from './evaluate-zero-shot.node.ts'
import { classNames, labelOf, noneUsable, oneClass } from './labelled-data.ts'
import { answeredAt, answers, answersWithoutOwn, chooseThreshold } from './rejection.ts'
import { type Reliability, reliability } from './reliability.ts'
import { fitTemperature } from './temperature.ts'

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
  const { classifier, none: noneData, ...sampleOptions } = options
  if (!classifier && clip.likelihood) {
    throw new UsageError(`${clip.name} has no joint embedding; it can be evaluated with zero-shot, and not calibrated`)
  }
  const { signal } = options
  const opening = { classes: true, signal }
  const source = await sourceOf(data, opening)
  const none = noneData && (await sourceOf(noneData, opening))
  const scorer = classifier
    ? classifierScorer(clip, classifier)
    : await wordScorer(clip, source, { templates, words, signal })
  const { names } = scorer
  if (names.length < 2) throw oneClass(source.name, names[0]!)
  const places = placesOf(names, classNames(source), words ?? new Map())
  const skipped: Skipped[] = []
  const labelOfSample = (sample: Sample) => places.get(labelOf(sample, source))!
  const { scores, labels } = await collect(scorer, source, { ...sampleOptions, skipped }, labelOfSample)
  const temperature = fitTemperature(scores, labels)
  const given = none && (await collect(scorer, none, { ...sampleOptions, skipped }, () => -1))
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
      templates: classifier ? [] : (templates ?? defaultTemplates),
      names,
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
  scorer: Scorer,
  source: Source,
  options: SampleOptions & { skipped: Skipped[] },
  label: (sample: Sample) => number,
): Promise<{ scores: Matrix; labels: number[] }> {
  const rows: Float32Array[] = []
  const labels: number[] = []
  for await (const { sample, scores } of streamSamples(scorer.scores, source, options)) {
    rows.push(scores)
    labels.push(label(sample))
  }
  if (labels.length === 0) throw noneUsable(source, options.skipped)
  return { scores: stackRows(rows, scorer.names.length), labels }
}
