// One step of a forward pass: its title, what it does and why, the stages of the model that it covers, and an image.

import type { Stage } from 'typeclip/inspect'
import { type Both, both, code, formulaCode, type Html, html, isMask, number, type Part, shapeOf } from '../html.ts'
import { inPaper } from './stage-table.ts'

export interface Step extends Both {
  /** What, and why. */
  text: Both
  formula?: string
  paper?: string
  stages?: readonly (Stage | undefined)[]
  figure?: Part
}

export function step({ en, zh, text, formula, paper, stages = [], figure }: Step): Html {
  const chips = stages.flatMap((stage) => (stage ? [chip(stage)] : []))
  return html`<section class="step"><h3>${both(en, zh)}</h3><p>${both(text.en, text.zh)}</p>${
    (formula || paper) &&
    html`<p class="formula">${formula && formulaCode(formula)}${paper && html` <span class="paper">${inPaper(paper)}</span>`}</p>`
  }${chips.length > 0 && html`<ul class="chips">${chips}</ul>`}${figure}</section>`
}

const chip = ({ name, shape, mean, std }: Stage): Html =>
  html`<li>${code(name)} <b>${shapeOf(shape)}</b> <span>${isMask(name) ? both('0 or −∞', '0 或 −∞') : `${number(mean)} ± ${number(std)}`}</span></li>`

export const stageNamed = (stages: readonly Stage[], name: string): Stage | undefined =>
  stages.find((stage) => stage.name === name)
