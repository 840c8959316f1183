// One step of the walk: what it is called, which stages of the model it covers, why it is there, and an image of it.

import type { Stage } from 'typeclip/inspect'
import { both, code, formulaCode, isMask, number, shapeOf } from '../html.ts'
import { inPaper } from './stage-table.ts'

export interface Step {
  en: string
  zh: string
  /** What, and why. */
  text: { en: string; zh: string }
  formula?: string
  paper?: string
  stages?: readonly (Stage | undefined)[]
  figure?: string
}

export function step({ en, zh, text, formula, paper, stages = [], figure = '' }: Step): string {
  const chips = stages.flatMap((stage) => (stage ? [chip(stage)] : []))
  return (
    `<section class="step"><h3>${both(en, zh)}</h3><p>${both(text.en, text.zh)}</p>` +
    (formula || paper
      ? `<p class="formula">${formula ? formulaCode(formula) : ''}${paper ? ` <span class="paper">${inPaper(paper)}</span>` : ''}</p>`
      : '') +
    (chips.length ? `<ul class="chips">${chips.join('')}</ul>` : '') +
    `${figure}</section>`
  )
}

const chip = ({ name, shape, mean, std }: Stage): string =>
  `<li>${code(name)} <b>${shapeOf(shape)}</b> <span>${isMask(name) ? both('0 or −∞', '0 或 −∞') : `${number(mean)} ± ${number(std)}`}</span></li>`

export const stageNamed = (stages: readonly Stage[], name: string): Stage | undefined =>
  stages.find((stage) => stage.name === name)
