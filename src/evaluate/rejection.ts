// "None of these": an answer is given where its probability reaches a threshold, and otherwise none.
//
// What counts is the largest probability (Hendrycks & Gimpel 2017; for CLIP: Ming et al. 2022, Delving into
// Out-of-Distribution Detection with Vision-Language Representations), not the largest cosine: cosines have another level
// for every picture and every word, which the softmax takes out.

import { UsageError } from '../errors.ts'
import { predictions, type Scores } from './classification.ts'
import { softmax } from './reliability.ts'

export interface Answered {
  /** Of the answers given, the share that is right. `NaN` where none is given. */
  precision: number
  /** Of the pictures that are of one of the classes, the share that is answered, and rightly. */
  recall: number
  /** The share of all pictures that is answered. */
  answered: number
}

/** A picture's best answer. */
export interface Answer {
  confidence: number
  /** Whether it is right; never, where the picture is of none of the classes. */
  right: boolean
  /** Whether the picture is of one of the classes. */
  known: boolean
}

/** The best answer to each picture. @param labels a class, or −1 for a picture of none */
export function answers(scores: Scores, labels: ArrayLike<number>, temperature: number): Answer[] {
  const p = softmax(scores, temperature)
  return Array.from(predictions(scores), (best, i) => ({
    confidence: p[i * scores.classes + best]!,
    right: best === labels[i],
    known: labels[i]! >= 0,
  }))
}

/**
 * The best answers when each picture's own class is not among those that could be answered: pictures of none of the
 * classes, as near to them as such pictures come.
 */
export function answersWithoutOwn({ data, classes }: Scores, labels: ArrayLike<number>, temperature: number): Answer[] {
  if (classes < 3) throw new UsageError(`with ${classes} classes, none can be left out; three are needed`)
  const without = new Float32Array(labels.length * (classes - 1))
  for (let i = 0; i < labels.length; i++) {
    const row = data.subarray(i * classes, (i + 1) * classes)
    without.set(row.subarray(0, labels[i]!), i * (classes - 1))
    without.set(row.subarray(labels[i]! + 1), i * (classes - 1) + labels[i]!)
  }
  const none = new Int32Array(labels.length).fill(-1)
  return answers({ data: without, classes: classes - 1 }, none, temperature)
}

/** What a threshold makes of labelled scores. */
export const answered = (scores: Scores, labels: ArrayLike<number>, temperature: number, threshold: number): Answered =>
  answeredAt(answers(scores, labels, temperature), threshold)

export function answeredAt(all: readonly Answer[], threshold: number): Answered {
  const given = all.filter(({ confidence }) => confidence >= threshold)
  const right = given.filter((answer) => answer.right).length
  return {
    precision: right / given.length,
    recall: right / all.filter(({ known }) => known).length,
    answered: given.length / all.length,
  }
}

/**
 * The threshold whose answers have the highest F1 of precision and recall; or, where a precision is asked for, the lowest
 * one that has it, so that as much as possible is answered.
 *
 * @returns undefined where no threshold reaches the precision
 */
export function chooseThreshold(all: readonly Answer[], precision?: number): number | undefined {
  const sorted = [...all].sort((a, b) => b.confidence - a.confidence)
  const known = all.filter((answer) => answer.known).length
  let right = 0
  let best: { threshold: number; merit: number } | undefined
  for (const [i, answer] of sorted.entries()) {
    if (answer.right) right++
    // Equal confidences are answered together.
    if (sorted[i + 1]?.confidence === answer.confidence) continue
    const [p, r] = [right / (i + 1), right / known]
    const merit = precision === undefined ? (2 * p * r) / (p + r) || 0 : p >= precision ? r : -1
    if (merit >= 0 && (!best || merit > best.merit || (precision !== undefined && merit === best.merit))) {
      best = { threshold: answer.confidence, merit }
    }
  }
  return best?.threshold
}
