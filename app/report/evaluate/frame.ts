// The page around an evaluation's sections: one file that needs nothing else, in English and Chinese, light and dark.

import type { Skipped } from 'typeclip/evaluate'
import { type Both, both, code, escaped } from '../html.ts'
import { script } from '../script.ts'
import { style } from '../style.ts'
import { percent as plainPercent } from './tables.ts'

export interface About {
  task: 'zero-shot' | 'linear-probe' | 'retrieval' | 'finetune'
  model: string
  data: string
  /** What a probe was trained on. */
  train?: string
  /** The method of the trained classifier that predicted, in place of zero-shot. */
  classifier?: string
}

const titles: Readonly<Record<About['task'], Both>> = {
  'zero-shot': { en: 'Zero-shot classification', zh: '零样本分类' },
  'linear-probe': { en: 'Linear probe', zh: '线性探测' },
  retrieval: { en: 'Image and text retrieval', zh: '图文检索' },
  finetune: { en: 'Before and after fine-tuning', zh: '微调前后' },
}

const titleOf = (classifier: string): Both => ({
  en: `Trained classifier: ${escaped(classifier)}`,
  zh: `训练过的分类器：${escaped(classifier)}`,
})

const ownStyle = `
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
.mistakes .shown{display:flex;height:10.5rem}
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
  sections: string,
  skipped: readonly Skipped[],
): string {
  const { en, zh } = classifier === undefined ? titles[task] : titleOf(classifier)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${en} · ${escaped(data)}</title>
<link rel="icon" href="data:,">
<style>${style}${ownStyle}</style>
</head>
<body>
<div class="languages" role="radiogroup" aria-label="Language / 语言"><label><input type="radio" name="language" id="language-en" checked> English</label><label><input type="radio" name="language" id="language-zh"> <span>中文</span></label></div>
<header>
<h1>${both(en, zh)}</h1>
<p class="model">${both('model', '模型')} ${code(model)} · ${both('data', '数据')} ${code(data)}${train === undefined ? '' : ` · ${both('trained on', '训练数据')} ${code(train)}`}</p>
</header>
<main>
${sections}
${skippedList(skipped)}
</main>
<footer>${both('Made by', '生成命令：')} ${code(`typeclip ${task === 'finetune' ? '' : 'evaluate '}${task} --html`)}</footer>
<script>${script}</script>
</body>
</html>
`
}

/** A share of which no line is broken between number and sign. */
export const percent = (share: number): string => plainPercent(share).replace(' ', '&nbsp;')

/** Cards with a number each. */
export const numbers = (cards: readonly (readonly [value: string, name: Both])[]): string =>
  `<div class="numbers">${cards.map(([value, { en, zh }]) => `<div><b>${value}</b><small>${both(en, zh)}</small></div>`).join('')}</div>`

export const picture = (url: string | undefined, alt: string): string =>
  url === undefined ? '' : `<img src="${url}" alt="${escaped(alt)}" loading="lazy">`

const shownSkipped = 100

function skippedList(skipped: readonly Skipped[]): string {
  if (skipped.length === 0) return ''
  const items = skipped
    .slice(0, shownSkipped)
    .map(
      ({ key, reason }) =>
        `<li>${code(key)} ${escaped(reason.startsWith(key) ? reason.slice(key.length) : reason)}</li>`,
    )
  const more = skipped.length > shownSkipped ? `<li>… ${skipped.length - shownSkipped}</li>` : ''
  return `<h2>${both('Not counted', '未计入')}</h2><p>${both(
    `${skipped.length} could not be used.`,
    `${skipped.length} 个样本无法使用。`,
  )}</p><ul class="small">${items.join('')}${more}</ul>`
}
