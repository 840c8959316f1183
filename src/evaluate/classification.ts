// Measures of a classifier (§3.1, appendix A): accuracy, per-class precision and recall, confusion, average precision.

import { type Matrix, rowsOf } from '../clip/matrix.ts'
import { UsageError } from '../errors.ts'

/** Precision and recall of one class, as shares of 1. */
export interface ClassReport {
  /** Samples of this class. */
  n: number
  /** The share of samples predicted as this class that belong to it. `NaN` if there are none. */
  precision: number
  /** The share of samples of this class that were predicted as it. `NaN` if there are none. */
  recall: number
}

/** Refuses labels that are not a class, and scores that do not have `labels.length` rows. */
export function checkScores({ data, shape: [, classes] }: Matrix, labels: ArrayLike<number>): void {
  if (labels.length === 0) throw new UsageError('there are no samples to count')
  if (data.length !== labels.length * classes) {
    throw new UsageError(
      `${data.length} scores for ${labels.length} samples of ${classes} classes; expected ${labels.length * classes}`,
    )
  }
  const wrong = Array.from(labels).findIndex((label) => !(Number.isInteger(label) && label >= 0 && label < classes))
  if (wrong >= 0) throw new UsageError(`label ${labels[wrong]} of sample ${wrong} is none of ${classes} classes`)
}

/** The class with the highest score in each row; the first of equal ones. @param scores `[n, classes]` */
export const predictions = (scores: Matrix): Int32Array => Int32Array.from(rowsOf(scores), largest)

/** The index of the largest; the first of equal ones. */
export function largest(row: Float32Array): number {
  let best = 0
  for (let c = 1; c < row.length; c++) if (row[c]! > row[best]!) best = c
  return best
}

/** The share of samples whose class is among the `k` with the highest scores; equal scores rank by their index. */
export function topK(scores: Matrix, labels: ArrayLike<number>, k: number): number {
  checkScores(scores, labels)
  const correct = rowsOf(scores).filter((row, i) => ranksBefore(row, labels[i]!) < k).length
  return correct / labels.length
}

/** How many are larger than the one at an index, or equal and before it. */
export function ranksBefore(row: Float32Array, index: number): number {
  const own = row[index]!
  let before = 0
  for (let c = 0; c < row.length; c++) if (row[c]! > own || (row[c] === own && c < index)) before++
  return before
}

/** How often a sample of class `row` was predicted as class `column`: `[classes][classes]`. */
export function confusionMatrix(predicted: ArrayLike<number>, labels: ArrayLike<number>, classes: number): number[][] {
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0))
  for (let i = 0; i < labels.length; i++) counts[labels[i]!]![predicted[i]!]!++
  return counts
}

/** Per-class measures, from a confusion matrix. */
export function perClass(confusion: readonly (readonly number[])[]): ClassReport[] {
  return confusion.map((row, c) => {
    const n = sum(row)
    const predicted = sum(confusion.map((other) => other[c]!))
    return { n, precision: row[c]! / predicted, recall: row[c]! / n }
  })
}

/** The mean recall of classes with samples: balanced accuracy, "mean per class" in the paper's table 9. */
export function meanPerClass(confusion: readonly (readonly number[])[]): number {
  const recalls = perClass(confusion).flatMap(({ n, recall }) => (n > 0 ? [recall] : []))
  return sum(recalls) / recalls.length
}

/**
 * Average precision of each class for multi-label data: the mean of the precisions at the ranks of the positives, not
 * interpolated; 0 for a class without positives. Equal scores rank by their index. VOC 2007 is reported as the mean over
 * classes, as in CLIP_benchmark.
 *
 * @param targets 1 if a sample has a class, else 0: `[n, classes]`
 */
export function averagePrecision({ data, shape: [n, classes] }: Matrix, targets: ArrayLike<number>): number[] {
  if (data.length !== targets.length) {
    throw new UsageError(`${data.length} scores and ${targets.length} targets; expected as many of one as of the other`)
  }
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
