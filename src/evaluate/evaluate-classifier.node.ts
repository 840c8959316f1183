// Evaluates a classifier on labelled images (§3.1): the usual measures, and its most confident mistakes.

import type { Clip } from '../clip/clip.ts'
import { stackRows } from '../clip/matrix.ts'
import { type DataInput, sourceOf } from '../data/given.node.ts'
import type { Sample, Skipped } from '../data/sample.ts'
import { UsageError } from '../errors.ts'
import type { Classifier } from '../zero-shot/classifier.ts'
import { classifierScorer, type Scorer } from '../zero-shot/scorer.ts'
import type { Calibration } from './calibration-record.ts'
import {
  type ClassReport,
  confusionMatrix,
  largest,
  meanPerClass,
  perClass,
  predictions,
  topK,
} from './classification.ts'
import { type SampleOptions, streamSamples } from './embed-samples.ts'
import { classNames, firstFive, labelOf, noneUsable, oneClass } from './labelled-data.ts'
import { type Answered, answeredAt, answers } from './rejection.ts'
import { type Reliability, reliability, softmax } from './reliability.ts'

/** A misclassified image. */
export interface Mistake {
  key: string
  /** A path, or the file's bytes. */
  image: Sample['image']
  label: string
  answer: string
  /** The probabilities of the predicted and of the correct class. */
  confidence: number
  rightConfidence: number
}

/** How well a classifier does on labelled images. */
export interface ClassificationResult {
  /** Accuracies, 0 to 1. */
  top1: number
  /** Share of images whose class is among the five best. */
  top5: number
  /** Mean of the recall of each class. */
  meanPerClass: number
  /** Number of images evaluated. */
  n: number
  /** All classes of the classifier, in the order of `confusion`; `words` is the classifier's name of a class. */
  classes: ({ name: string; words: string } & ClassReport)[]
  /** How often an image of class `row` was predicted as class `column`. */
  confusion: number[][]
  /** Of the probabilities at the model's logit scale, or at the calibration's temperature. */
  reliability: Reliability
  /** With a calibration: what its threshold makes of these images. */
  rejection?: ({ temperature: number; threshold: number } & Answered) | undefined
  /** The surest first. */
  mistakes: Mistake[]
  /** Images that could not be used, and why. */
  skipped: Skipped[]
}

/** Options of `evaluateClassifier`. */
export interface EvaluateClassifierOptions extends SampleOptions {
  /** The classifier's name of a class of the data. Default: the class's name. */
  words?: ReadonlyMap<string, string> | undefined
  calibration?: Pick<Calibration, 'temperature' | 'threshold'> | undefined
  /** Number of mistakes to return. Default: 24. */
  mistakes?: number | undefined
}

/**
 * A classifier measured on labelled images.
 *
 * @throws UsageError for a classifier of one class, and for data without classes or with a class that it does not know
 *
 * @example
 * ```ts
 * import { load, readClassifier } from 'typeclip'
 * import { evaluateClassifier } from 'typeclip/evaluate'
 *
 * const clip = await load('run') // a folder that `finetune` wrote
 * const classifier = await readClassifier('run')
 * const { top1 } = await evaluateClassifier(clip, classifier!, 'test-photos')
 * ```
 */
export const evaluateClassifier = (
  clip: Clip,
  classifier: Classifier,
  data: DataInput,
  options: EvaluateClassifierOptions = {},
): Promise<ClassificationResult> => evaluateScorer(classifierScorer(clip, classifier), data, options)

/** Any scorer measured on labelled images. */
export async function evaluateScorer(
  scorer: Scorer,
  data: DataInput,
  { words = new Map(), calibration, mistakes: kept = 24, ...options }: EvaluateClassifierOptions,
): Promise<ClassificationResult> {
  const source = await sourceOf(data, { classes: true, signal: options.signal })
  const temperature = calibration?.temperature ?? 1
  if (scorer.names.length < 2) throw oneClass(source.name, scorer.names[0]!)
  const places = placesOf(scorer.names, classNames(source), words)
  const names = scorer.names.map(
    (name, i) => classNames(source).find((label) => places.get(label) === i) ?? nameFor(name, words),
  )
  const skipped: Skipped[] = []
  const labels: number[] = []
  const rows: Float32Array[] = []
  const mistakes: Mistake[] = []

  for await (const { sample, scores } of streamSamples(scorer.scores, source, { ...options, skipped })) {
    const label = places.get(labelOf(sample, source))!
    const answer = largest(scores)
    rows.push(scores)
    labels.push(label)
    if (answer === label) continue
    const p = softmax(scores, temperature)
    const probabilities = { confidence: p[answer]!, rightConfidence: p[label]! }
    const index = mistakes.findIndex((other) => other.confidence < probabilities.confidence)
    const { key, image } = sample
    const mistake = { key, image, label: names[label]!, answer: names[answer]!, ...probabilities }
    mistakes.splice(index < 0 ? mistakes.length : index, 0, mistake)
    mistakes.length = Math.min(mistakes.length, kept)
  }
  if (rows.length === 0) throw noneUsable(source, skipped)

  const scores = stackRows(rows, names.length)
  const confusion = confusionMatrix(predictions(scores), labels, names.length)
  const reports = perClass(confusion)
  return {
    top1: topK(scores, labels, 1),
    top5: topK(scores, labels, 5),
    meanPerClass: meanPerClass(confusion),
    n: rows.length,
    classes: names.map((name, i) => ({ name, words: scorer.names[i]!, ...reports[i]! })),
    confusion,
    reliability: reliability(scores, labels, { temperature }),
    rejection: calibration && {
      temperature,
      threshold: calibration.threshold,
      ...answeredAt(answers(scores, labels), calibration.threshold),
    },
    mistakes,
    skipped,
  }
}

/** The classifier's index of each class of the data, found by the class's words or its name. */
export function placesOf(
  names: readonly string[],
  labels: readonly string[],
  words: ReadonlyMap<string, string>,
): Map<string, number> {
  const index = new Map(names.map((name, i) => [name, i]))
  const places = new Map(labels.map((label) => [label, index.get(words.get(label) ?? label) ?? index.get(label) ?? -1]))
  const unknown = labels.filter((label) => places.get(label) === -1)
  if (unknown.length > 0) {
    throw new UsageError(
      `the classifier does not know ${firstFive(unknown)}; it knows ${names.slice(0, 10).join(', ')}${names.length > 10 ? ' …' : ''}. Map the data's classes to its names with \`words\``,
    )
  }
  return places
}

const nameFor = (own: string, words: ReadonlyMap<string, string>): string =>
  [...words].find(([, word]) => word === own)?.[0] ?? own
