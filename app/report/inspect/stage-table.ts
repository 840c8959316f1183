// Every stage of an encoder with its shape and statistics, and an explanation of the first stage of each kind.

import type { Stage } from 'typeclip/inspect'
import { spreadChart } from '../charts.ts'
import { both, code, formulaCode, type Html, html, isMask, number, shapeOf } from '../html.ts'
import { type Explanation, explanationOf } from './explanations.ts'

const headings = [
  both('stage', '阶段'),
  both('shape', '形状'),
  both('mean', '均值'),
  both('std', '标准差'),
  both('min', '最小'),
  both('max', '最大'),
  both('norm', '范数'),
  both('spread', '分布'),
]

export function stageTable(stages: readonly Stage[], id: string): Html {
  const reach = Math.max(...stages.map(({ min, max }) => Math.max(Math.abs(min), Math.abs(max))))
  const explained = new Set<Explanation>()
  const groups: { name: string | undefined; rows: Html[] }[] = []
  for (const stage of stages) {
    const explanation = explanationOf(stage.name)
    const first = explanation !== undefined && !explained.has(explanation)
    if (first) explained.add(explanation)
    const name = blockOf(stage.name)
    if (groups.at(-1)?.name !== name || groups.length === 0) groups.push({ name, rows: [] })
    groups.at(-1)!.rows.push(row(stage, reach, first ? explanation : undefined))
  }
  const bodies = groups.map(
    ({ name, rows }) =>
      html`<tbody>${name !== undefined && html`<tr class="group"><th colspan="8" scope="rowgroup">${code(name)}</th></tr>`}${rows}</tbody>`,
  )
  return html`<details class="stages" id="${id}"><summary>${both(
    `All ${stages.length} stages: shapes, statistics, explanations`,
    `全部 ${stages.length} 个阶段：形状、统计、说明`,
  )}</summary><p class="small">${both(
    'The statistics cover all numbers of a stage: mean, standard deviation, lowest, highest, and Euclidean norm. In the last column the line runs from lowest to highest, and the box one standard deviation to each side of the mean, all on one scale (asinh: fine near 0, coarse far away). Names are those of OpenAI’s checkpoints; a stage with the name of a parameter is the result of applying it.',
    '统计针对该阶段的全部数值：均值、标准差、最小值、最大值、欧氏范数。最后一列中细线从最小到最大，方框为均值两侧各一个标准差，所有行同一刻度（asinh：0 附近细、远处粗）。名称与 OpenAI 检查点一致；用参数名命名的阶段是应用该参数之后的结果。',
  )}</p><div class="wide" tabindex="0" role="region" aria-label="stages"><table><thead><tr>${headings.map((heading) => html`<th scope="col">${heading}</th>`)}</tr></thead>${bodies}</table></div></details>`
}

/** `visual.transformer.resblocks.0` of `visual.transformer.resblocks.0.attn.weights`. */
const blockOf = (name: string): string | undefined => name.match(/^.*?(resblocks\.\d+|layer\d\.\d+|attnpool)/)?.[0]

function row(stage: Stage, reach: number, explanation: Explanation | undefined): Html {
  const { name, shape, mean, std, min, max, norm } = stage
  const numbers = isMask(name)
    ? html`<td class="number" colspan="5">${both('0 where a row may attend, −∞ elsewhere', '可以关注的位置为 0，其余为 −∞')}</td>`
    : [mean, std, min, max, norm].map((x) => html`<td class="number">${number(x)}</td>`)
  const block = blockOf(name)
  const nameInBlock = block && block !== name ? name.slice(block.length) : name
  return html`<tr><th scope="row">${code(nameInBlock)}</th><td>${code(shapeOf(shape))}</td>${numbers}<td>${!isMask(name) && spreadChart(stage, reach)}</td></tr>${explanation && html`<tr class="explanation"><td colspan="8">${explain(explanation)}</td></tr>`}`
}

const explain = ({ en, zh, formula, paper }: Explanation): Html =>
  html`${both(en, zh)}${formula && html` ${formulaCode(formula)}`}${paper && html` <span class="paper">${inPaper(paper)}</span>`}`

export const inPaper = (place: string): Html =>
  both(`paper: ${place}`, `论文：${place.replaceAll('Figure ', '图 ').replaceAll(', ', '、')}`)
