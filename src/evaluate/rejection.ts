// "None of these": an answer is given where its score reaches a threshold, and otherwise none.
//
// The score is the largest logit (MaxLogit: Hendrycks et al. 2022, Scaling Out-of-Distribution Detection for Real-World
// Settings), which of words is the largest cosine times the model's scale. A probability only says which of the labels
// fits best; how well it fits, the softmax has divided away. Measured with the starter model, pictures of the labels
// against pictures of something else, area under the ROC curve: logit 0.89 to 0.99, probability 0.28 to 0.37.

import { predictions, type Scores } from './classification.ts'

/** Precision and recall when the classifier may leave images unanswered, as shares of 1. */
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
  /** Its logit. */
  score: number
  /** Whether it is right; never, where the picture is of none of the classes. */
  right: boolean
  /** Whether the picture is of one of the classes. */
  known: boolean
}

/** The best answer to each picture. @param labels a class, or −1 for a picture of none */
export const answers = (scores: Scores, labels: ArrayLike<number>): Answer[] =>
  Array.from(predictions(scores), (best, i) => ({
    score: scores.data[i * scores.classes + best]!,
    right: best === labels[i],
    known: labels[i]! >= 0,
  }))

/**
 * The best answers when each picture's own class is not among those that could be answered: pictures of none of the
 * classes, as near to them as such pictures come.
 */
export const answersWithoutOwn = ({ data, classes }: Scores, labels: ArrayLike<number>): Answer[] =>
  Array.from({ length: labels.length }, (_, i) => {
    let score = -Infinity
    for (let c = 0; c < classes; c++) if (c !== labels[i]) score = Math.max(score, data[i * classes + c]!)
    return { score, right: false, known: false }
  })

/** What a threshold makes of answers. */
export function answeredAt(all: readonly Answer[], threshold: number): Answered {
  const given = all.filter(({ score }) => score >= threshold)
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
  const sorted = [...all].sort((a, b) => b.score - a.score)
  const known = all.filter((answer) => answer.known).length
  let right = 0
  let best: { threshold: number; merit: number } | undefined
  for (const [i, { score, ...answer }] of sorted.entries()) {
    if (answer.right) right++
    // Equal scores are answered together.
    if (sorted[i + 1]?.score === score) continue
    const [p, r] = [right / (i + 1), right / known]
    if (precision !== undefined && p < precision) continue
    const merit = precision === undefined ? (2 * p * r) / (p + r) || 0 : r
    if (!best || merit > best.merit) best = { threshold: score, merit }
  }
  return best?.threshold
}
