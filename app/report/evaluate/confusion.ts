// The confusion matrix on a page: a table that can be read, or an image if there are too many classes; and the pairs of
// classes that are confused most.

import type { ClassificationResult } from 'typeclip/evaluate'
import { both, type Html, html, type Part } from '../html.ts'
import { weightMatrix } from '../images.ts'

/** Numbers of classes: with more the matrix is an image; with more the cells of its table are small; up to this, large. */
const [maxTable, maxRoomy, few] = [120, 24, 10]
const maxPairs = 12

type Result = Pick<ClassificationResult, 'classes' | 'confusion'>

export const confusionSection = (result: Result): Html =>
  html`<h2>${both('Confusion matrix', '混淆矩阵')}</h2><p>${both(
    'Row: the true class. Column: the predicted class. The diagonal is right.',
    '每行是一个真实类别，每列是一个预测类别；对角线为正确。',
  )}</p><div class="wide">${result.classes.length <= maxTable ? matrixTable(result) : matrixImage(result)}</div>${pairs(result)}`

function matrixTable({ classes, confusion }: Result): Html {
  const rows = confusion.map((row, i) => {
    const cells = row.map((count, j) =>
      count === 0
        ? html`<td></td>`
        : html`<td${i === j && html` class="own"`} style="--share:${(count / classes[i]!.n).toFixed(2)}">${count}</td>`,
    )
    return html`<tr><th>${classes[i]!.name}</th>${cells}</tr>`
  })
  const size = classes.length > maxRoomy ? ' dense' : classes.length <= few ? ' few' : ''
  return html`<table class="confusion${size}"><thead><tr><td></td>${classes.map(({ name }) => html`<th>${name}</th>`)}</tr></thead><tbody>${rows}</tbody></table>`
}

function matrixImage({ classes, confusion }: Result): Html {
  const shares = confusion.flatMap((row, i) => row.map((count) => count / (classes[i]!.n || 1)))
  return html`<img class="pixelated large" src="${weightMatrix(shares, classes.length, classes.length)}" alt="">`
}

function pairs({ classes, confusion }: Result): Part {
  if (classes.length <= few) return undefined // the table shows them at a glance
  const mostConfused = confusion
    .flatMap((row, i) => row.map((count, j) => ({ i, j, count })))
    .filter(({ i, j, count }) => i !== j && count > 0)
    .sort((a, b) => b.count - a.count)
    .slice(0, maxPairs)
  if (mostConfused.length === 0) return undefined
  const items = mostConfused.map(
    ({ i, j, count }) =>
      html`<li><b>${classes[i]!.name}</b> → <b>${classes[j]!.name}</b> <span>${count} / ${classes[i]!.n}</span></li>`,
  )
  return html`<ul class="chips">${items}</ul>`
}
