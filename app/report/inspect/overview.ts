// Figure 3 in small at the head of the page: what goes in, through which encoder, to what comes out.

import type { Inspection, TextPass } from 'typeclip/inspect'
import { both, code, escaped } from '../html.ts'

/** The image in small is the page's `.thumb` background. */
export function overview({ image, texts, similarity }: Inspection): string {
  const lanes = [
    ...(image
      ? [
          lane('image', '<span class="thumb"></span>', both('image encoder', '图像编码器'), [
            `[3, ${image.size}, ${image.size}]`,
            `[${image.grid[0] * image.grid[1] + 1}, …]`,
            `[${image.embedding.length}]`,
          ]),
        ]
      : []),
    ...texts.map((text, i) => lane(`text-${i}`, quoted(text), both('text encoder', '文本编码器'), shapesOf(text))),
  ]
  const results = similarity
    ? `<a class="result" href="#similarity">${texts.map((_, i) => `cos(I<sub>e</sub>, T<sub>e${texts.length > 1 ? `,${i + 1}` : ''}</sub>) = <b>${similarity.cosines[i]!.toFixed(3).replace('-', '−')}</b>`).join(' · ')}</a>`
    : ''
  return `<div class="overview">${lanes.join('')}${results}</div>`
}

const quoted = ({ text }: TextPass): string =>
  `<span class="quoted">“${escaped(text.length > 40 ? `${text.slice(0, 39)}…` : text)}”</span>`

const shapesOf = ({ tokens, embedding }: TextPass): string[] => [
  `[${tokens.length}] ids`,
  `[${tokens.length}, …]`,
  `[${embedding.length}]`,
]

const lane = (id: string, what: string, encoder: string, shapes: readonly string[]): string =>
  `<a class="lane ${id.replace(/-.*/, '')}" href="#${id}"><span class="input">${what}</span><span class="arrow">→</span>` +
  `<span class="encoder"><b>${encoder}</b>${code(shapes.join(' → '))}</span></a>`
