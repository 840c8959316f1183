// An inspection as text for a terminal.

import { type ImagePass, type Inspection, meanOverHeads, type Stage, type TextPass } from 'typeclip/inspect'
import { percent } from '../../cli/shell/counted.ts'
import { table } from '../../cli/shell/table.ts'

const shades = ' ░▒▓█'

export function inspectReport(inspection: Inspection): string[] {
  const { model, image, texts } = inspection
  const lines = [`model ${model}`]
  if (image) lines.push('', ...imageReport(image))
  for (const text of texts) lines.push('', ...textReport(text))
  lines.push(...similarityReport(inspection))
  return lines
}

export function similarityReport({ texts, similarity, logitScale }: Inspection): string[] {
  if (!similarity) return []
  const { cosines, logits, probabilities } = similarity
  const rows = texts.map(({ text }, i) => [
    `  ${text}`,
    cosines[i]!.toFixed(4),
    logits[i]!.toFixed(3),
    ...(texts.length > 1 ? [percent(probabilities[i]!)] : []),
  ])
  const heading = ['  text', 'cosine', 'logit', ...(texts.length > 1 ? ['softmax'] : [])]
  return [
    '',
    `SIMILARITY  logits = I_e · T_eᵀ · ${number(logitScale)}`,
    '',
    ...table([heading, ...rows], ['left', 'right', 'right', 'right']),
  ]
}

function imageReport(image: ImagePass): string[] {
  const { size, grid, patchSize, attention, kind } = image
  const [rows, columns] = grid
  const places = kind === 'vision-transformer' ? 'patches' : 'places'
  const query = kind === 'vision-transformer' ? 'the first position (the class token)' : 'the mean'
  const last = attention.at(-1)
  return [
    `IMAGE  [3, ${size}, ${size}], ${rows} × ${columns} ${places} of ${patchSize}×${patchSize} pixels`,
    '',
    ...stageTable(image.stages),
    ...(last
      ? [
          '',
          `  attention of ${query}, mean of the heads, ${last.name}`,
          '',
          ...shaded(meanOverHeads(last, 0).subarray(1), rows, columns),
        ]
      : []),
  ]
}

/** Two characters per place, from blank to the highest weight. */
export function shaded(weights: Float32Array, rows: number, columns: number): string[] {
  const max = weights.reduce((a, b) => Math.max(a, b)) || 1
  return Array.from({ length: rows }, (_, y) => {
    const row = Array.from(weights.subarray(y * columns, (y + 1) * columns), (weight) => {
      const shade = shades[Math.min(shades.length - 1, Math.floor((weight / max) * shades.length))]!
      return shade + shade
    })
    return `    │${row.join('')}│`
  })
}

function textReport({ text, tokens, stages, mask, readAt, pool, attention }: TextPass): string[] {
  const length = tokens.length
  const readout = pool === 'argmax' ? 'the highest id, argmax' : 'the first end of text'
  const tokenRows = tokens.map(({ id, piece }, i) => [
    `  ${i}`,
    `${id}`,
    piece,
    Array.from(mask.subarray(i * length, (i + 1) * length), (x) => (x === 0 ? '0' : '·')).join(' '),
    i === readAt ? `← read here (${readout})` : '',
  ])
  const taken = attention.map((block, i) => [`  block ${i}`, ...Array.from(meanOverHeads(block, readAt), percent)])
  return [
    `TEXT  ${JSON.stringify(text)}`,
    '',
    ...table([['  ', 'id', 'piece', 'mask (0: attends, ·: −∞)', ''], ...tokenRows], ['right', 'right']),
    '',
    ...stageTable(stages),
    '',
    `  attention of position ${readAt} to each token, mean of the heads`,
    '',
    ...table(
      [['', ...tokens.map(({ piece }) => piece.replace('</w>', ''))], ...taken],
      ['left', ...tokens.map(() => 'right' as const)],
    ),
  ]
}

function stageTable(stages: readonly Stage[]): string[] {
  const rows = stages.map(({ name, shape, mean, std, min, max, norm }) => [
    `  ${name}`,
    `[${shape.join(', ')}]`,
    ...[mean, std, min, max, norm].map(number),
  ])
  const heading = ['  stage', 'shape', 'mean', 'std', 'min', 'max', 'norm']
  return table([heading, ...rows], ['left', 'left', 'right', 'right', 'right', 'right', 'right'])
}

const number = (x: number): string =>
  x !== 0 && Math.abs(x) < 1e-3 ? x.toExponential(1) : Math.abs(x) < 100 ? x.toFixed(3) : x.toFixed(1)
