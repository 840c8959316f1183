// How well a classifier does (§3.1, appendix A): accuracy, each class by itself, what is taken for what, average precision.

import { UsageError } from '../errors.ts'

/** Logits, or any scores: `[n, classes]`, row-major. */
export interface Scores {
  data: Float32Array
  classes: number
}

/** Precision and recall of one class, as shares of 1. */
export interface ClassReport {
  /** Samples that are of this class. */
  n: number
  /** Of the samples that were taken for this class, the share that is. `NaN` where none was. */
  precision: number
  /** Of the samples of this class, the share that was told. `NaN` where there is none. */
  recall: number
}

/** Refuses labels that are no class, and scores that are not `labels.length` rows. */
export function checkScores({ data, classes }: Scores, labels: ArrayLike<number>): void {
  if (labels.length === 0) throw new UsageError('there are no samples to count')
  if (data.length !== labels.length * classes) {
    throw new UsageError(
      `${data.length} scores for ${labels.length} samples of ${classes} classes; expected ${labels.length * classes}`,
    )
  }
  const wrong = Array.from(labels).findIndex((label) => !(Number.isInteger(label) && label >= 0 && label < classes))
  if (wrong >= 0) throw new UsageError(`label ${labels[wrong]} of sample ${wrong} is none of ${classes} classes`)
}

/** The class with the highest score in each row; of equals, the first. */
export function predictions({ data, classes }: Scores): Int32Array {
  return Int32Array.from({ length: data.length / classes }, (_, i) => {
    let best = 0
    for (let c = 1; c < classes; c++) if (data[i * classes + c]! > data[i * classes + best]!) best = c
    return best
  })
}

/** The share of samples whose class is among the `k` with the highest scores; equal scores rank by their index. */
export function topK(scores: Scores, labels: ArrayLike<number>, k: number): number {
  checkScores(scores, labels)
  const { data, classes } = scores
  let right = 0
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!
    const own = data[i * classes + label]!
    let before = 0
    for (let c = 0; c < classes; c++) {
      const other = data[i * classes + c]!
      if (other > own || (other === own && c < label)) before++
    }
    if (before < k) right++
  }
  return right / labels.length
}

/** How often a sample of class `row` was taken for class `column`: `[classes][classes]`. */
export function confusionMatrix(predicted: ArrayLike<number>, labels: ArrayLike<number>, classes: number): number[][] {
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0))
  for (let i = 0; i < labels.length; i++) counts[labels[i]!]![predicted[i]!]!++
  return counts
}

/** Each class by itself, from a confusion matrix. */
export function perClass(confusion: readonly (readonly number[])[]): ClassReport[] {
  return confusion.map((row, c) => {
    const n = sum(row)
    const taken = sum(confusion.map((other) => other[c]!))
    return { n, precision: row[c]! / taken, recall: row[c]! / n }
  })
}

/** Mean of the recalls of the classes that have samples: balanced accuracy, "mean per class" in the paper's table 9. */
export function meanPerClass(confusion: readonly (readonly number[])[]): number {
  const recalls = perClass(confusion).flatMap(({ n, recall }) => (n > 0 ? [recall] : []))
  return sum(recalls) / recalls.length
}

/**
 * Average precision of each class where a sample may be of several: the mean of the precisions at the ranks of the
 * positives, not interpolated, and 0 for a class without any; equal scores rank by their index. VOC 2007 is reported as
 * the mean over classes, as in CLIP_benchmark.
 *
 * @param targets 1 where a sample is of a class, else 0: `[n, classes]`
 */
export function averagePrecision({ data, classes }: Scores, targets: ArrayLike<number>): number[] {
  if (data.length !== targets.length) {
    throw new UsageError(`${data.length} scores and ${targets.length} targets; expected as many of one as of the other`)
  }
  const n = data.length / classes
  return Array.from({ length: classes }, (_, c) => {
    const order = Uint32Array.from({ length: n }, (_, i) => i).sort(
      (a, b) => data[b * classes + c]! - data[a * classes + c]! || a - b,
    )
    let positives = 0
    let precisions = 0
    for (const [rank, i] of order.entries()) if (targets[i * classes + c]) precisions += ++positives / (rank + 1)
    return precisions / Math.max(positives, 1)
  })
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)
