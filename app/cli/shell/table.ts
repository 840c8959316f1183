// Columns that line up on a terminal, where a Chinese character or an emoji is two columns wide.

import displayWidth from 'string-width'

export { displayWidth }

export type Align = 'left' | 'right'

const characters = (text: string): string[] => Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment)

/** A text on one line of at most `width` columns; a cut is marked with …. */
export function shortened(text: string, width: number): string {
  const line = text.replaceAll(/\s+/g, ' ')
  if (displayWidth(line) <= width) return line
  let cut = ''
  for (const character of characters(line)) {
    if (displayWidth(cut + character) > width - 1) break
    cut += character
  }
  return `${cut}…`
}

/** As much of the start of a line as fits in `width` columns. */
export function clipped(line: string, width: number): string {
  if (line.length <= width / 2 || displayWidth(line) <= width) return line
  let [cut, columns] = ['', 0]
  for (const character of characters(line)) {
    columns += displayWidth(character)
    if (columns > width) break
    cut += character
  }
  return cut
}

/** A path or a label on one line: line breaks and other control characters as JSON writes them. */
export const onOneLine = (text: string): string =>
  text.replaceAll(/[\p{Cc}\u2028\u2029]/gu, (character) =>
    character === '\n'
      ? '\\n'
      : character === '\t'
        ? '\\t'
        : character === '\r'
          ? '\\r'
          : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

/** Rows with the same number of cells, as lines. */
export function table(rows: readonly (readonly string[])[], align: readonly Align[] = []): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => displayWidth(row[column] ?? ''))))
  return rows.map((row) =>
    row
      .map((cell, i) => padded(cell, widths[i]!, align[i] ?? 'left'))
      .join('  ')
      .trimEnd(),
  )
}

export function padded(text: string, width: number, align: Align = 'left'): string {
  const space = ' '.repeat(Math.max(0, width - displayWidth(text)))
  return align === 'left' ? text + space : space + text
}
