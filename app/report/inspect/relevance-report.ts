// Why each text matched, as text for a terminal: the image's places in shades, the words with bars.

import type { Inspection, Relevance } from 'typeclip/inspect'
import { shortened, table } from '../../cli/shell/table.ts'
import { shaded, similarityReport } from './report.ts'

const longestBar = 24

/** The similarities, and after them what each comes from. */
export function relevanceReport(inspection: Inspection): string[] {
  return [
    `model ${inspection.model}`,
    ...similarityReport(inspection),
    ...(inspection.relevance ?? []).flatMap((found) => ['', ...whyReport(found)]),
  ]
}

function whyReport({ text, image: { map, grid }, words }: Relevance): string[] {
  const [rows, columns] = grid
  return [
    `WHY  ${JSON.stringify(text)}`,
    '',
    '  the image: dark is little, █ is where the similarity comes from',
    '',
    ...shaded(map, rows, columns),
    '',
    ...(words ? wordsReport(words.words) : ['  (the text encoder is a bag of words: there is no attention to follow)']),
  ]
}

function wordsReport(words: readonly { text: string; value: number }[]): string[] {
  const sum = words.reduce((total, { value }) => total + value, 0)
  const most = words.reduce((highest, { value }) => Math.max(highest, value), 0)
  const rows = words.map(({ text, value }) => [
    `  ${shortened(text, 40)}`,
    sum > 0 ? `${((100 * value) / sum).toFixed(1)}%` : '–',
    '█'.repeat(most > 0 ? Math.round((longestBar * value) / most) : 0),
  ])
  return rows.length > 0 ? table(rows, ['left', 'right', 'left']) : ['  (a text without words)']
}
