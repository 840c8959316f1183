// The rows of a table of images and captions: a CSV, TSV or JSON lines file.

import { createReadStream } from 'node:fs'
import { extname } from 'node:path'
import { UsageError } from '../errors.ts'
import { utf8Blocks, utf8Lines } from '../files/utf8.ts'
import { csvRows, headerNames, separatorOf, separators } from './csv.ts'

/** How a table of images and captions is read. */
export interface TableOptions {
  /** Default: `image`, open_clip's `filepath` or Hugging Face's `file_name`. */
  imageColumn?: string | undefined
  /** Default: `caption`, `captions`, open_clip's `title` or `text`. */
  captionColumn?: string | undefined
  /** Between the columns of a CSV or TSV file. Default: found from the header; `,` in .csv and a tab in .tsv come first. */
  separator?: string | undefined
  /** Each with `{}` for the class of a `label` column: captions of rows that have none. Default: `a photo of a {}.` */
  templates?: readonly string[] | undefined
}

export const imageColumns = ['image', 'filepath', 'file_name']
export const captionColumns = ['caption', 'captions', 'title', 'text']

/** A row with its fields by column, or why it cannot be used. */
type Row = { line: number; fields: Record<string, unknown> } | { line: number; reason: string }

interface Reading extends TableOptions {
  /** A sentence for each guess is added. */
  notices: string[]
}

const readers: Record<string, (path: string, reading: Reading) => AsyncIterable<Row>> = {
  '.csv': (path, reading) => separated(path, ',', reading),
  '.tsv': (path, reading) => separated(path, '\t', reading),
  '.jsonl': jsonLines,
}

export function isTable(path: string): boolean {
  return extname(path).toLowerCase() in readers
}

export const tableRows = (path: string, reading: Reading): AsyncIterable<Row> =>
  readers[extname(path).toLowerCase()]!(path, reading)

async function* separated(path: string, usual: string, reading: Reading): AsyncGenerator<Row> {
  const stream = createReadStream(path)
  try {
    const blocks = utf8Blocks(stream, path)
    const start = await blocks.next()
    if (start.done) return
    const first = start.value
    const delimiter = askedSeparator(reading.separator, path) ?? separatorIn(first, usual, path, reading)
    async function* all() {
      yield first
      yield* blocks
    }
    let header: string[] | undefined
    for await (const { line, fields } of csvRows(all(), delimiter, path)) {
      if (!header) header = uniqueNames(fields, path, reading)
      else if (fields.length === header.length) {
        yield { line, fields: Object.fromEntries(header.map((name, i) => [name, fields[i]])) }
      } else yield { line, reason: `${fields.length} fields, where the header has ${header.length}` }
    }
  } finally {
    stream.destroy()
  }
}

/** @throws UsageError unless it is one character; `\\t`, as a shell passes it, is a tab */
function askedSeparator(asked: string | undefined, path: string): string | undefined {
  if (asked === undefined || asked === '\\t') return asked && '\t'
  if (asked.length === 1 && !/["\r\n]/.test(asked)) return asked
  throw new UsageError(`${path}: \`separator\` is ${JSON.stringify(asked)}; expected one character, such as ";"`)
}

/** The usual separator, or the one by which the header has a column of images. */
function separatorIn(block: string, usual: string, path: string, { imageColumn, notices }: Reading): string {
  const header = /[^\r\n]*/.exec(block.replace(/^[\r\n]+/, ''))![0]
  const found = separatorOf(header, usual, imageColumn === undefined ? imageColumns : [imageColumn]) ?? usual
  if (found !== usual && headerNames(header, found).length > 1) {
    notices.push(`${path}: its columns are separated by ${separators[found]}, as its header shows`)
    return found
  }
  return usual
}

/** @throws UsageError for two columns of one name that would be read */
function uniqueNames(fields: readonly string[], path: string, { imageColumn, captionColumn }: Reading): string[] {
  const names = fields.map((name) => name.trim())
  const read = new Set([imageColumn ?? imageColumns, captionColumn ?? captionColumns, 'label'].flat())
  const twice = names.find((name, i) => read.has(name) && names.indexOf(name) !== i)
  if (twice === undefined) return names
  throw new UsageError(`${path}: it has more than one column "${twice}"; rename all but one`)
}

async function* jsonLines(path: string): AsyncGenerator<Row> {
  const stream = createReadStream(path)
  try {
    for await (const { text, number } of utf8Lines(stream, path)) {
      const json = text.trim()
      if (json !== '') yield { line: number, ...parseLine(json) }
    }
  } finally {
    stream.destroy()
  }
}

function parseLine(json: string): { fields: Record<string, unknown> } | { reason: string } {
  try {
    const fields: unknown = JSON.parse(json)
    if (typeof fields === 'object' && fields !== null && !Array.isArray(fields)) {
      return { fields: fields as Record<string, unknown> }
    }
    return { reason: 'not a JSON object' }
  } catch (error) {
    return { reason: `not JSON (${(error as Error).message})` }
  }
}
