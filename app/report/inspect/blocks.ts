// Attention, block by block: the mean of the heads for every block, and the heads of the one that is picked.

import { both } from '../html.ts'

export interface BlockView {
  /** Of the mean of the heads. */
  mean: { map: string; caption: string }
  heads: readonly { map: string; caption: string }[]
}

const figure = ({ map, caption }: { map: string; caption: string }): string =>
  `<figure>${map}<figcaption>${caption}</figcaption></figure>`

/** Without a script, the heads of every block are shown. */
export function blockViews(blocks: readonly BlockView[], id: string): string {
  const last = blocks.length - 1
  const means = blocks.map(
    ({ mean }, i) =>
      `<button type="button" data-block="${i}" aria-pressed="${i === last}">${mean.map}` +
      `<span class="caption"><b>${both(`block ${i}`, `第 ${i} 块`)}</b> ${mean.caption}</span></button>`,
  )
  const heads = blocks.map(
    ({ heads }, i) =>
      `<div class="heads" data-heads="${i}"><h4>${last ? both(`Heads of block ${i}`, `第 ${i} 块的各个头`) : both('Heads', '各个头')}</h4>` +
      `<div class="strip small">${heads.map(figure).join('')}</div></div>`,
  )
  const slider =
    blocks.length > 1
      ? `<label class="slider">${both('block', '块')} <input type="range" min="0" max="${last}" value="${last}" aria-label="block"> <output>${last}</output></label>`
      : ''
  const every = blocks.length > 1 ? `<div class="strip">${means.join('')}</div>${slider}` : ''
  return `<div class="blocks" id="${id}">${every}${heads.join('')}</div>`
}
