// Why each text matched, as text for a terminal: the places of the image as shades, the words with bars.

import type { Inspection, Relevance } from 'typeclip/inspect'
import { percent } from '../../cli/shell/counted.ts'
import { shortened, table } from '../../cli/shell/table.ts'
import { shaded, similarityReport } from './report.ts'

const maxBar = 24

/** The similarities, then the places and words that each comes from. */
export function relevanceReport(inspection: Inspection): string[] {
  return [
    `model ${inspection.model}`,
    ...similarityReport(inspection),
    ...(inspection.relevance ?? []).flatMap((relevance) => ['', ...whyReport(relevance)]),
  ]
}

function whyReport({ text, image: { map, grid }, words }: Relevance): string[] {
  const [rows, columns] = grid
  return [
    `WHY  ${JSON.stringify(text)}`,
    '',
    '  the image: the denser a place, the more of the similarity comes from it',
    '',
    ...shaded(map, rows, columns),
    '',
    ...(words ? wordsReport(words.words) : ['  (the text encoder is a bag of words: there is no attention to follow)']),
  ]
}

function wordsReport(words: readonly { text: string; value: number }[]): string[] {
  const sum = words.reduce((total, { value }) => total + value, 0)
  const max = words.reduce((highest, { value }) => Math.max(highest, value), 0)
  const rows = words.map(({ text, value }) => [
    `  ${shortened(text, 40)}`,
    percent(sum > 0 ? value / sum : Number.NaN),
    '█'.repeat(max > 0 ? Math.round((maxBar * value) / max) : 0),
  ])
  return rows.length > 0 ? table(rows, ['left', 'right', 'left']) : ['  (a text without words)']
}
