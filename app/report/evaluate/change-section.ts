// What fine-tuning changed, class by class: the same images by the model as it was, and as it is.

import type { ClassificationResult } from 'typeclip/evaluate'
import { both, escaped } from '../html.ts'
import { numbers, percent } from './frame.ts'
import { verdict } from './verdict.ts'

export function changeSection(before: ClassificationResult, after: ClassificationResult): string {
  const cards = [
    [percent(before.top1), { en: 'top-1 before, zero-shot', zh: '之前的 top-1，零样本' }],
    [percent(after.top1), { en: 'top-1 now', zh: '现在的 top-1' }],
  ] as const
  const was = new Map(before.classes.map(({ name, recall }) => [name, recall]))
  const rows = after.classes
    .filter(({ n }) => n > 0)
    .map(({ name, n, recall }) => ({ name, n, recall, from: was.get(name) ?? Number.NaN }))
    .sort((a, b) => a.recall - a.from - (b.recall - b.from))
    .map(({ name, n, recall, from }) => {
      const change = `${recall < from ? '−' : recall > from ? '+' : ''}${percent(Math.abs(recall - from))}`
      return `<tr><td>${escaped(name)}</td>${[`${n}`, percent(from), percent(recall), change].map((cell, i) => `<td class="number${i === 0 ? ' spare' : ''}">${cell}</td>`).join('')}</tr>`
    })
  const head = [
    both('images', '图像数'),
    both('recall before', '之前的召回率'),
    both('recall now', '现在的召回率'),
    both('change', '变化'),
  ]
  const doubt = verdict({ before: before.top1, after: after.top1, n: after.n })
  const said = doubt ? `<p><strong>${both(doubt.en, doubt.zh)}</strong></p>` : ''
  return `${numbers(cards)}${said}<h2>${both('What changed', '变化')}</h2><p>${both(
    'The classes that lost most come first.',
    '下降最多的类别在前。',
  )}</p><div class="wide"><table class="classes"><thead><tr><th>${both('class', '类别')}</th>${head.map((cell, i) => `<th class="number${i === 0 ? ' spare' : ''}">${cell}</th>`).join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div><h2>${both('The model as it is now', '现在的模型')}</h2>`
}
