// Results of an evaluation as text for a terminal.

import type { ClassificationResult, Recall, RetrievalResult } from 'typeclip/evaluate'
import { percent } from '../../cli/shell/counted.ts'
import { shortened, table } from '../../cli/shell/table.ts'

export function classificationTable(result: ClassificationResult): string[] {
  const { top1, top5, meanPerClass, classes, confusion, reliability, rejection } = result
  const numbers = [
    ['top-1', percent(top1)],
    ...(classes.length > 5 ? [['top-5', percent(top5)]] : []),
    ['mean per class', percent(meanPerClass)],
    ['calibration error', percent(reliability.expectedCalibrationError)],
    ['negative log-likelihood', reliability.negativeLogLikelihood.toFixed(3)],
  ]
  if (rejection) {
    numbers.push(
      ['predicted', percent(rejection.answered)],
      ['precision of the predictions', percent(rejection.precision)],
      ['recall of the predictions', percent(rejection.recall)],
    )
  }
  const rows = classes.map(({ name, n, recall, precision }, i) => [
    shortened(name, 32),
    `${n}`,
    percent(recall),
    percent(precision),
    mostMistaken(confusion[i]!, i, classes),
  ])
  return [
    ...table(numbers, ['left', 'right']),
    '',
    ...table(
      [['class', 'images', 'recall', 'precision', 'most often predicted as'], ...rows],
      ['left', 'right', 'right', 'right', 'left'],
    ),
  ]
}

/** The wrong class that is predicted most often for a class's images, and how often. */
function mostMistaken(row: readonly number[], own: number, classes: ClassificationResult['classes']): string {
  const others = row.map((count, i) => (i === own ? 0 : count))
  const max = Math.max(...others)
  return max === 0 ? '' : `${shortened(classes[others.indexOf(max)]!.name, 32)} (${max})`
}

export function retrievalTable({ imageToText, textToImage, pairs, images, texts }: RetrievalResult): string[] {
  const row = (name: string, { r1, r5, r10, medianRank, meanRank }: Recall): string[] => [
    name,
    ...[r1, r5, r10].map(percent),
    `${medianRank}`,
    meanRank.toFixed(1),
  ]
  const rows = [row('image to text', imageToText), row('text to image', textToImage)]
  if (texts > images) {
    rows.push(row('image to text, each pair', pairs.imageToText), row('text to image, each pair', pairs.textToImage))
  }
  return table(
    [['', 'R@1', 'R@5', 'R@10', 'median rank', 'mean rank'], ...rows],
    ['left', 'right', 'right', 'right', 'right', 'right'],
  )
}
