// Charts as SVG: where a stage's numbers lie, an embedding's numbers, the growth from block to block.

import type { Stage } from 'typeclip/inspect'
import { number } from './html.ts'

const squeezed = (x: number): number => Math.asinh(4 * x)

/** A line from the lowest to the highest number, a box one standard deviation around the mean; `reach` is the scale's end. */
export function spreadChart({ mean, std, min, max }: Stage, reach: number): string {
  const place = (x: number): number => Math.round(600 + (590 * squeezed(x)) / squeezed(reach)) / 10
  const box = [place(mean - std), place(mean + std)] as const
  return (
    `<svg class="spread" viewBox="0 0 120 14" aria-hidden="true"><path class="zero" d="M60 0V14"/>` +
    `<path class="line" d="M${place(min)} 7H${place(max)}"/>` +
    `<rect x="${box[0]}" y="3" width="${Math.max(1, box[1] - box[0]).toFixed(1)}" height="8" rx="2"/></svg>`
  )
}

/** One bar a number, up for positive ones. */
export function embeddingBars(values: ArrayLike<number>, color: 'image' | 'text'): string {
  const list = Array.from(values)
  const most = Math.max(...list.map(Math.abs))
  const bars = list.map((x, i) => `M${i + 0.5} 50v${(-48 * (x / most)).toFixed(1)}`).join('')
  return (
    `<svg class="bars ${color}" viewBox="0 0 ${list.length} 100" preserveAspectRatio="none" aria-hidden="true">` +
    `<path class="zero" d="M0 50H${list.length}"/><path d="${bars}"/></svg>` +
    `<div class="axis"><span>0</span><span>±${number(most)}</span><span>${list.length - 1}</span></div>`
  )
}

/** Bars side by side with their numbers, on one scale from 0. */
export function columns(values: readonly number[], labels: readonly string[]): string {
  const most = Math.max(...values)
  const bars = values.map(
    (x, i) =>
      `<div class="column"><span>${number(Number(x.toPrecision(3)))}</span>` +
      `<i style="height:${((60 * x) / most).toFixed(1)}px"></i><span>${labels[i]}</span></div>`,
  )
  return `<div class="columns">${bars.join('')}</div>`
}
