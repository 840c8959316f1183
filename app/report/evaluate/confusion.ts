// The confusion matrix on a page: a table where it can be read, an image where there are too many classes, and in words
// the pairs that are confused most.

import type { ClassificationResult } from 'typeclip/evaluate'
import { both, escaped } from '../html.ts'
import { weightMatrix } from '../images.ts'

/** Above the first a table would be too large; above the second its cells are small; up to the third they are large. */
const [readable, roomy, few] = [120, 24, 10]
const pairsShown = 12

type Result = Pick<ClassificationResult, 'classes' | 'confusion'>

export function confusionSection(result: Result): string {
  const body = result.classes.length <= readable ? matrixTable(result) : matrixPicture(result)
  return `<h2>${both('Confusion matrix', '混淆矩阵')}</h2><p>${both(
    'Row: the true class. Column: the predicted class. The diagonal is right.',
    '每行是一个真实类别，每列是一个预测类别；对角线为正确。',
  )}</p><div class="wide">${body}</div>${pairs(result)}`
}

function matrixTable({ classes, confusion }: Result): string {
  const head = classes.map(({ name }) => `<th>${escaped(name)}</th>`).join('')
  const rows = confusion.map((row, i) => {
    const cells = row.map((count, j) => {
      if (count === 0) return '<td></td>'
      return `<td${i === j ? ' class="own"' : ''} style="--share:${(count / classes[i]!.n).toFixed(2)}">${count}</td>`
    })
    return `<tr><th>${escaped(classes[i]!.name)}</th>${cells.join('')}</tr>`
  })
  return `<table class="confusion${classes.length > roomy ? ' dense' : classes.length <= few ? ' few' : ''}"><thead><tr><td></td>${head}</tr></thead><tbody>${rows.join('')}</tbody></table>`
}

function matrixPicture({ classes, confusion }: Result): string {
  const shares = confusion.flatMap((row, i) => row.map((count) => count / (classes[i]!.n || 1)))
  const url = weightMatrix(shares, classes.length, classes.length)
  return `<img class="pixelated large" src="${url}" alt="">`
}

function pairs({ classes, confusion }: Result): string {
  if (classes.length <= few) return '' // the table shows them at a glance
  const found = confusion
    .flatMap((row, i) => row.map((count, j) => ({ i, j, count })))
    .filter(({ i, j, count }) => i !== j && count > 0)
    .sort((a, b) => b.count - a.count)
    .slice(0, pairsShown)
  if (found.length === 0) return ''
  const items = found.map(
    ({ i, j, count }) =>
      `<li><b>${escaped(classes[i]!.name)}</b> → <b>${escaped(classes[j]!.name)}</b> <span>${count} / ${classes[i]!.n}</span></li>`,
  )
  return `<ul class="chips">${items.join('')}</ul>`
}
