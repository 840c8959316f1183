// What fine-tuning changed, class by class: the same images with the model before and after.

import type { ClassificationResult } from 'typeclip/evaluate'
import { both, type Html, html, percent } from '../html.ts'
import { numbers } from './frame.ts'
import { verdict } from './verdict.ts'

export function changeSection(before: ClassificationResult, after: ClassificationResult): Html {
  const recallBefore = new Map(before.classes.map(({ name, recall }) => [name, recall]))
  const rows = after.classes
    .filter(({ n }) => n > 0)
    .map(({ name, n, recall }) => ({ name, n, recall, from: recallBefore.get(name) ?? Number.NaN }))
    .sort((a, b) => a.recall - a.from - (b.recall - b.from))
    .map(({ name, n, recall, from }) => {
      const sign = recall < from ? '−' : recall > from ? '+' : ''
      const cells = [percent(from), percent(recall), `${sign}${percent(Math.abs(recall - from))}`]
      return html`<tr><td>${name}</td><td class="number spare">${n}</td>${cells.map((cell) => html`<td class="number">${cell}</td>`)}</tr>`
    })
  const headings = [both('recall before', '之前的召回率'), both('recall now', '现在的召回率'), both('change', '变化')]
  const doubt = verdict({ before: before.top1, after: after.top1, n: after.n })
  return html`${numbers([
    [percent(before.top1), { en: 'top-1 before, zero-shot', zh: '之前的 top-1，零样本' }],
    [percent(after.top1), { en: 'top-1 now', zh: '现在的 top-1' }],
  ])}${doubt && html`<p><strong>${both(doubt.en, doubt.zh)}</strong></p>`}<h2>${both('What changed', '变化')}</h2><p>${both(
    'The classes that lost most come first.',
    '下降最多的类别在前。',
  )}</p><div class="wide"><table class="classes"><thead><tr><th>${both('class', '类别')}</th><th class="number spare">${both('images', '图像数')}</th>${headings.map((heading) => html`<th class="number">${heading}</th>`)}</tr></thead><tbody>${rows}</tbody></table></div><h2>${both('The model as it is now', '现在的模型')}</h2>`
}
