// Charts as SVG: the range of a stage's numbers, the numbers of an embedding, the growth from block to block.

import type { Stage } from 'typeclip/inspect'
import { type Html, html, number } from './html.ts'

const squeezed = (x: number): number => Math.asinh(4 * x)

/** A line from the lowest to the highest number, a box one standard deviation around the mean; `reach` is the end of the scale. */
export function spreadChart({ mean, std, min, max }: Stage, reach: number): Html {
  const place = (x: number): number => Math.round(600 + (590 * squeezed(x)) / squeezed(reach)) / 10
  const [left, right] = [place(mean - std), place(mean + std)]
  return html`<svg class="spread" viewBox="0 0 120 14" aria-hidden="true"><path class="zero" d="M60 0V14"/><path class="line" d="M${place(min)} 7H${place(max)}"/><rect x="${left}" y="3" width="${Math.max(1, right - left).toFixed(1)}" height="8" rx="2"/></svg>`
}

/** One bar per number, up for positive ones. */
export function embeddingBars(values: ArrayLike<number>, color: 'image' | 'text'): Html {
  const numbers = Array.from(values)
  const max = Math.max(...numbers.map(Math.abs))
  const bars = numbers.map((x, i) => `M${i + 0.5} 50v${(-48 * (x / max)).toFixed(1)}`)
  return html`<svg class="bars ${color}" viewBox="0 0 ${numbers.length} 100" preserveAspectRatio="none" aria-hidden="true"><path class="zero" d="M0 50H${numbers.length}"/><path d="${bars}"/></svg><div class="axis"><span>0</span><span>±${number(max)}</span><span>${numbers.length - 1}</span></div>`
}

/** Bars side by side with their numbers, on one scale from 0. */
export function columns(values: readonly number[], labels: readonly string[]): Html {
  const max = Math.max(...values)
  const bars = values.map(
    (x, i) =>
      html`<div class="column"><span>${number(Number(x.toPrecision(3)))}</span><i style="height:${((60 * x) / max).toFixed(1)}px"></i><span>${labels[i]}</span></div>`,
  )
  return html`<div class="columns">${bars}</div>`
}
