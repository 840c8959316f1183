// Attention, block by block: the mean of the heads for each block, and the heads of the selected one.

import { both, type Html, html } from '../html.ts'

interface Map {
  map: Html
  caption?: Html
}

export interface BlockView {
  /** The mean over the heads. */
  mean: Map
  heads: readonly Map[]
}

const figure = ({ map, caption }: Map): Html => html`<figure>${map}<figcaption>${caption}</figcaption></figure>`

/** Without a script, the heads of every block are shown. */
export function blockViews(blocks: readonly BlockView[], id: string): Html {
  const last = blocks.length - 1
  const means = blocks.map(
    ({ mean }, i) =>
      html`<button type="button" data-block="${i}" aria-pressed="${String(i === last)}">${mean.map}<span class="caption"><b>${both(`block ${i}`, `第 ${i} 块`)}</b> ${mean.caption}</span></button>`,
  )
  const heads = blocks.map(
    ({ heads }, i) =>
      html`<div class="heads" data-heads="${i}"><h4>${last ? both(`Heads of block ${i}`, `第 ${i} 块的各个头`) : both('Heads', '各个头')}</h4><div class="strip small">${heads.map(figure)}</div></div>`,
  )
  const slider = html`<label class="slider">${both('block', '块')} <input type="range" min="0" max="${last}" value="${last}" aria-label="block"> <output>${last}</output></label>`
  return html`<div class="blocks" id="${id}">${blocks.length > 1 && html`<div class="strip">${means}</div>${slider}`}${heads}</div>`
}
