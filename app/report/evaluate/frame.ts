// The page around the sections of an evaluation: its title, what was evaluated, and which images were skipped.

import type { Skipped } from 'typeclip/evaluate'
import { reportDocument } from '../document.ts'
import { type Both, both, code, type Html, html, joined, type Part } from '../html.ts'

export interface About {
  task: 'zero-shot' | 'linear-probe' | 'retrieval' | 'finetune'
  model: string
  data: string
  /** The training data of a probe. */
  train?: string | undefined
  /** The method of the trained classifier that predicted, in place of zero-shot. */
  classifier?: string | undefined
}

const titles: Readonly<Record<About['task'], { en: string; zh: string }>> = {
  'zero-shot': { en: 'Zero-shot classification', zh: '零样本分类' },
  'linear-probe': { en: 'Linear probe', zh: '线性探测' },
  retrieval: { en: 'Image and text retrieval', zh: '图文检索' },
  finetune: { en: 'Before and after fine-tuning', zh: '微调前后' },
}

const titleOf = (classifier: string) => ({
  en: `Trained classifier: ${classifier}`,
  zh: `训练过的分类器：${classifier}`,
})

const evaluationStyle = `
.numbers{display:grid;grid-template-columns:repeat(auto-fit,minmax(10rem,1fr));gap:.75rem;margin:1.25rem 0}
.numbers div{background:var(--card);border:1px solid var(--line);border-radius:.75rem;padding:.7rem 1.1rem}
.numbers b{display:block;font-size:1.6rem;line-height:1.3;font-variant-numeric:tabular-nums}
.numbers small{color:var(--soft)}
.confusion td{width:2.1rem;min-width:2.1rem;height:2.1rem;text-align:center;font-size:.75rem;border:1px solid var(--line);font-variant-numeric:tabular-nums}
.confusion thead td{border:0}
.confusion td[style]{background:color-mix(in srgb,var(--shade,var(--orange)) calc(var(--share)*85%),transparent)}
.confusion.few td{width:4.5rem;min-width:2.6rem;height:3rem;font-size:.95rem}
.confusion.few th{font-size:.875rem}
.confusion.few thead th{writing-mode:horizontal-tb;transform:none;text-align:center;padding:.2rem .3rem}
.dense td{width:1.2rem;min-width:1.2rem;height:1.2rem;font-size:.6rem;padding:0}
.dense th,.dense thead th{font-size:.65rem;padding-block:0}
.confusion .own{--shade:var(--blue)}
.confusion th{font-weight:400;padding:0 .4rem;white-space:nowrap;color:var(--soft);font-size:.75rem}
.confusion thead th{writing-mode:vertical-rl;transform:rotate(180deg);text-align:left;padding:.4rem 0}
.confusion tbody th{text-align:right;position:sticky;left:0;background:var(--paper)}
.large{width:min(100%,40rem);border:1px solid var(--line)}
.diagram{width:100%;max-width:28rem;display:block;margin-top:.75rem;background:var(--card);border:1px solid var(--line);border-radius:.5rem}
.diagram text{font-size:8px;fill:var(--soft)}
.diagram .count{font-size:7px}
.diagram rect{fill:var(--blue)}
.diagram .gap{fill:var(--orange);opacity:.45}
.diagram .right{fill:var(--text)}
.diagram path{stroke:var(--soft);stroke-dasharray:4 4;fill:none}
.mistakes{display:grid;grid-template-columns:repeat(auto-fill,minmax(10.5rem,1fr));gap:1rem;margin-top:1rem}
.mistakes.paired{grid-template-columns:repeat(auto-fill,minmax(min(100%,18rem),1fr))}
.mistakes figure{background:var(--card);border:1px solid var(--line);border-radius:.6rem;overflow:hidden}
.mistakes .images{display:flex;height:10.5rem}
.mistakes img{flex:1;min-width:0;height:100%;object-fit:cover;background:var(--chip)}
.mistakes figcaption{padding:.5rem .7rem .6rem;margin:0;font-size:.8125rem;color:var(--text);overflow-wrap:anywhere}
.mistakes small{color:var(--soft);display:block}
.classes td,.classes th{padding:.2rem 1rem .2rem 0;border-top:1px solid var(--line)}
.classes{width:100%;font-size:.875rem}
.classes thead th{border:0;color:var(--soft);font-weight:400}
.classes .number{text-align:right}
.classes th.number{white-space:normal}
.classes .recall{padding-left:2.5rem}
.classes .bar{width:30%}
.classes i{display:block;height:.6rem;background:var(--blue);border-radius:2px;vertical-align:middle}
@media (max-width:40rem){.classes .spare{display:none}.classes td,.classes th{padding-right:.5rem}.classes .recall{padding-left:.5rem}.classes .bar{width:18%}.confusion.few td{width:auto}.confusion.few thead th{writing-mode:vertical-rl;transform:rotate(180deg);text-align:left}}
`

export function frame(
  { task, model, data, train, classifier }: About,
  sections: Html,
  skipped: readonly Skipped[],
): string {
  const title = classifier === undefined ? titles[task] : titleOf(classifier)
  const facts = [
    html`${both('model', '模型')} ${code(model)}`,
    html`${both('data', '数据')} ${code(data)}`,
    train !== undefined && html`${both('trained on', '训练数据')} ${code(train)}`,
  ].filter((fact) => fact !== false)
  return reportDocument({
    title: `${title.en} · ${data}`,
    style: evaluationStyle,
    header: html`<h1>${both(title.en, title.zh)}</h1>
<p class="model">${joined(facts, ' · ')}</p>`,
    main: html`${sections}
${skippedList(skipped)}`,
    madeBy: `typeclip ${task === 'finetune' ? '' : 'evaluate '}${task} --html`,
  })
}

export type Card = readonly [value: string, name: Both]

/** Cards with a number each. */
export const numbers = (cards: readonly Card[]): Html =>
  html`<div class="numbers">${cards.map(([value, { en, zh }]) => html`<div><b>${value}</b><small>${both(en, zh)}</small></div>`)}</div>`

export const image = (url: string | undefined, alt: string): Part =>
  url !== undefined && html`<img src="${url}" alt="${alt}" loading="lazy">`

const maxSkipped = 100

function skippedList(skipped: readonly Skipped[]): Part {
  if (skipped.length === 0) return undefined
  const items = skipped
    .slice(0, maxSkipped)
    .map(({ key, reason }) => html`<li>${code(key)} ${reason.startsWith(key) ? reason.slice(key.length) : reason}</li>`)
  const more = skipped.length - maxSkipped
  return html`<h2>${both('Not counted', '未计入')}</h2><p>${both(
    `${skipped.length} could not be used.`,
    `${skipped.length} 个样本无法使用。`,
  )}</p><ul class="small">${items}${more > 0 && html`<li>… ${more}</li>`}</ul>`
}
