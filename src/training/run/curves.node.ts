// Writes the curves of a run beside its logs, as SVG and PNG.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { replaceFile } from '../../files/atomic.node.ts'
import { drawCurves } from './curves.ts'
import { type LoggedStep, type LoggedValidation, parseLines } from './lines.ts'

/** Draws `curves.svg` and `curves.png` from a run's `results.jsonl` and `validation.jsonl`, unless those are empty. */
export async function writeCurves(out: string): Promise<void> {
  const [steps, validations] = await Promise.all(
    ['results.jsonl', 'validation.jsonl'].map((name) => readFile(join(out, name), 'utf8').catch(() => '')),
  )
  const lines = parseLines<LoggedStep>(steps!)
  if (lines.length > 0)
    await writeDrawing(join(out, 'curves'), drawCurves(lines, parseLines<LoggedValidation>(validations!)))
}

/** Writes a drawing as `<path>.svg`, and as `<path>.png` on white at twice the size, for high-resolution screens. */
export async function writeDrawing(path: string, svg: string): Promise<void> {
  const png = await sharp(Buffer.from(svg), { density: 144 }).flatten({ background: '#fff' }).png().toBuffer()
  await replaceFile(`${path}.svg`, svg)
  await replaceFile(`${path}.png`, png)
}
