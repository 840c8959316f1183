// Draws the figures of docs/figure2 again from their numbers, in both languages: npm run build, then
//
//   node recipes/figure2/draw.mjs

import { readFileSync, writeFileSync } from 'node:fs'
import { drawFigure2 } from '../../dist/figure2/draw.js'

for (const name of ['figure2', 'wide']) {
  const file = (ending) => new URL(`../../docs/figure2/${name}${ending}`, import.meta.url)
  const report = JSON.parse(readFileSync(file('.json'), 'utf8'))
  writeFileSync(file('.svg'), drawFigure2(report))
  writeFileSync(file('.zh.svg'), drawFigure2(report, 'zh'))
}
