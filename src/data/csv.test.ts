import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { type CsvRow, csvRows } from './csv.ts'

const cases: [text: string, rows: string[][] | null][] = JSON.parse(
  readFileSync(new URL('../../fixtures/csv.json', import.meta.url), 'utf8'),
)

/** The text in pieces of `size` characters. */
async function* inPieces(text: string, size: number): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size)
}

async function rowsOf(text: string, size = 1000, separator = ','): Promise<CsvRow[]> {
  const rows: CsvRow[] = []
  for await (const row of csvRows(inPieces(text, size), separator, 't.csv')) rows.push(row)
  return rows
}

it.each([1, 2, 3, 1000])('reads the rows that Python reads, in pieces of %d characters', async (size) => {
  for (const [text, expected] of cases) {
    const found = await rowsOf(text, size).then(
      (rows) => rows.map(({ fields }) => fields),
      () => null,
    )
    expect(found, JSON.stringify(text)).toEqual(expected)
  }
})

it('counts lines, also within fields, and names the one of a quote that is never closed', async () => {
  const rows = await rowsOf('a,b\n\n"two\r\nlines",c\r\nd;e,f\rg\n')
  expect(rows.map(({ line }) => line)).toEqual([1, 3, 5, 6])
  expect(await rowsOf('a;b,c', 1000, ';')).toEqual([{ line: 1, fields: ['a', 'b,c'] }])
  await expect(rowsOf('a,b\nc,"d\ne,f\n')).rejects.toThrow('t.csv: line 2: a quote opens a field and is never closed')
})
