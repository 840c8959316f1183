// A small Figure 3 at the head of the page: each input, its encoder, and the embedding; then the cosines.

import type { Inspection, TextPass } from 'typeclip/inspect'
import { both, code, type Html, html, joined } from '../html.ts'

/** The small image is the background of `.thumb`. */
export function overview({ image, texts, similarity }: Inspection): Html {
  const imageShapes = image && [
    `[3, ${image.size}, ${image.size}]`,
    `[${image.grid[0] * image.grid[1] + 1}, …]`,
    `[${image.embedding.length}]`,
  ]
  const cosines = similarity?.cosines.map(
    (cosine, i) =>
      html`cos(I<sub>e</sub>, T<sub>e${texts.length > 1 && `,${i + 1}`}</sub>) = <b>${cosine.toFixed(3).replace('-', '−')}</b>`,
  )
  return html`<div class="overview">${
    imageShapes &&
    lane('image', 'image', html`<span class="thumb"></span>`, both('image encoder', '图像编码器'), imageShapes)
  }${texts.map((text, i) => lane('text', `text-${i}`, quoted(text), both('text encoder', '文本编码器'), shapesOf(text)))}${
    cosines && html`<a class="result" href="#similarity">${joined(cosines, ' · ')}</a>`
  }</div>`
}

const quoted = ({ text }: TextPass): Html =>
  html`<span class="quoted">“${text.length > 40 ? `${text.slice(0, 39)}…` : text}”</span>`

const shapesOf = ({ tokens, embedding }: TextPass): string[] => [
  `[${tokens.length}] ids`,
  `[${tokens.length}, …]`,
  `[${embedding.length}]`,
]

const lane = (kind: string, id: string, input: Html, encoder: Html, shapes: readonly string[]): Html =>
  html`<a class="lane ${kind}" href="#${id}"><span class="input">${input}</span><span class="arrow">→</span><span class="encoder"><b>${encoder}</b>${code(shapes.join(' → '))}</span></a>`
