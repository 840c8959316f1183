// CSV and TSV as pandas reads them, and so open_clip's training: quotes enclose a field where they open it, and are
// characters anywhere else (`a 5" phone`). csv-parse reads `"red" phone` differently (docs/en/decisions/data.md).

import { UsageError } from '../errors.ts'

export interface CsvRow {
  /** The first line of the row, from 1. */
  line: number
  fields: string[]
}

/**
 * The rows of a table, without blank lines. A line ends with LF, CRLF or CR; within quotes line ends and separators are
 * characters, and a doubled quote is one.
 *
 * @param blocks text, cut anywhere
 * @throws UsageError for a quote that is never closed: the fields after it are unknown
 */
export async function* csvRows(
  blocks: AsyncIterable<string>,
  separator: string,
  where: string,
): AsyncGenerator<CsvRow, void, undefined> {
  const plain = new RegExp(`[${separator.replace(/[\\\]^-]/g, '\\$&')}\\r\\n]`, 'g')
  let fields: string[] = []
  let field = ''
  let state: 'start' | 'plain' | 'quoted' | 'quote' = 'start'
  let [line, began, opened] = [1, 1, 1]
  let returned = false

  function row(): CsvRow | undefined {
    const blank = state === 'start' && fields.length === 0
    fields.push(field)
    const found = { line: began, fields }
    ;[fields, field, state] = [[], '', 'start']
    return blank ? undefined : found
  }

  for await (const block of blocks) {
    for (let at = 0; at < block.length; at++) {
      if (state === 'quoted') {
        const quote = block.indexOf('"', at)
        const end = quote < 0 ? block.length : quote
        const inside = block.slice(at, end)
        for (let feed = inside.indexOf('\n'); feed >= 0; feed = inside.indexOf('\n', feed + 1)) line++
        field += inside
        at = end
        if (quote >= 0) state = 'quote'
        continue
      }
      const character = block[at]!
      if (state === 'quote' && character === '"') {
        field += '"'
        state = 'quoted'
      } else if (character === separator) {
        fields.push(field)
        field = ''
        // An empty first field is a row all the same.
        state = 'start'
      } else if (character === '\n' || character === '\r') {
        if (character === '\n' && returned) {
          returned = false
          began = line
          continue
        }
        const found = row()
        line++
        began = line
        if (found) yield found
        returned = character === '\r'
        continue
      } else if (state === 'start' && character === '"') {
        state = 'quoted'
        opened = line
      } else {
        plain.lastIndex = at
        const end = plain.exec(block)?.index ?? block.length
        field += block.slice(at, end)
        state = 'plain'
        at = end - 1
      }
      returned = false
    }
  }
  if (state === 'quoted') {
    throw new UsageError(
      `${where}: line ${opened}: a quote opens a field and is never closed; close it, or double the quotes of a field that begins with one`,
    )
  }
  const last = row()
  if (last) yield last
}

/** Separators of columns with their names, the most frequent first. */
export const separators: Readonly<Record<string, string>> = {
  ',': 'commas',
  '\t': 'tabs',
  ';': 'semicolons',
  '|': 'vertical bars',
}

/**
 * The separator by which a header has a column of one of these names; undefined where none of the usual ones is it.
 *
 * @param usual is tried first
 */
export function separatorOf(header: string, usual: string, names: readonly string[]): string | undefined {
  return [usual, ...Object.keys(separators)].find((separator) =>
    headerNames(header, separator).some((name) => names.includes(name)),
  )
}

export const headerNames = (header: string, separator: string): string[] =>
  header.split(separator).map((name) =>
    name
      .trim()
      .replace(/^"(.*)"$/, '$1')
      .trim(),
  )
