// Lines of text below an image, drawn by the library's own sharp (librsvg, with the fonts of this machine).

import { sharp } from '../../cli/shell/installation.ts'
import { html } from '../html.ts'
import type { Pixels } from '../png.ts'

export interface Caption {
  /** The start of its lines, in pixels from the left. */
  left: number
  lines: readonly string[]
}

const lineHeight = 19

/** The image on white with its captions below it: a PNG file. */
export async function withCaptions(image: Pixels, captions: readonly Caption[]): Promise<Buffer> {
  const { width, height, channels, data } = image
  const below = 10 + lineHeight * Math.max(...captions.map(({ lines }) => lines.length))
  const texts = captions.flatMap(({ left, lines }) =>
    lines.map((line, i) => html`<text x="${left + 2}" y="${16 + lineHeight * i}">${line}</text>`),
  )
  const svg = html`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${below}" font-family="system-ui, 'DejaVu Sans', 'Noto Sans CJK SC', sans-serif" font-size="14" fill="#222">${texts}</svg>`
  return sharp()(data, { raw: { width, height, channels } })
    .extend({ bottom: below, background: '#fff' })
    .composite([{ input: Buffer.from(String(svg)), left: 0, top: height }])
    .png()
    .toBuffer()
}
