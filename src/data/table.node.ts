// A table of pictures and captions as a source: CSV, TSV (open_clip's training format) or JSON lines.

import { createReadStream } from 'node:fs'
import { dirname, extname, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { type Info, parse } from 'csv-parse'
import { UsageError } from '../errors.ts'
import { checkTemplates, classCaptions, trimmed } from './captions.ts'
import { indexedSource } from './indexed.ts'
import { byName } from './picture-files.ts'
import type { Sample, Skipped, Source } from './sample.ts'

export interface TableOptions {
  /** `image`, unless told; open_clip's `filepath` and Hugging Face's `file_name` are found too. */
  imageColumn?: string | undefined
  /** `caption`, unless told; `captions`, open_clip's `title` and `text` are found too. */
  captionColumn?: string | undefined
  /** Between the columns of a CSV or TSV file; `,` or a tab by the file's name unless told. */
  separator?: string | undefined
  /** With `{}` for the class of a `label` column: captions of rows that have none; `a photo of a {}.` unless told. */
  templates?: readonly string[] | undefined
}

/** A line, its fields by column, or what is wrong with it. */
type Row = { line: number; fields: Record<string, unknown> } | { line: number; reason: string }

const readers: Record<string, (path: string, separator?: string) => AsyncIterable<Row>> = {
  '.csv': (path, separator = ',') => separated(path, separator),
  '.tsv': (path, separator = '\t') => separated(path, separator),
  '.jsonl': jsonLines,
}

export function isTable(path: string): boolean {
  return extname(path).toLowerCase() in readers
}

/**
 * Paths are relative to the table's folder. Rows of one and the same picture (and class) are one sample with several
 * captions, in the place of the first. Class names in a `label` column make captions where there are none.
 *
 * @throws UsageError where a column is missing or no row is there
 */
export async function openTable(path: string, options: TableOptions = {}): Promise<Source> {
  checkTemplates(options.templates)
  const folder = dirname(resolve(path))
  const samples: (Sample | Skipped)[] = []
  const byImage = new Map<string, { captions: string[] }>()
  let columns: Columns | undefined
  for await (const row of readers[extname(path).toLowerCase()]!(path, options.separator)) {
    const key = `${path}:${row.line}`
    if ('reason' in row) {
      samples.push({ key, reason: row.reason })
      continue
    }
    columns ??= findColumns(path, Object.keys(row.fields), options)
    const sample = read(key, row.fields, columns, folder, options.templates)
    if ('reason' in sample) {
      samples.push(sample)
      continue
    }
    const same = `${sample.image}\0${sample.label ?? ''}`
    const known = byImage.get(same)
    if (known) known.captions.push(...sample.captions.filter((caption) => !known.captions.includes(caption)))
    else {
      byImage.set(same, sample)
      samples.push(sample)
    }
  }
  if (byImage.size === 0) {
    const [first] = samples
    const reason = first && 'reason' in first ? `; the first of ${samples.length}: ${first.key}: ${first.reason}` : ''
    throw new UsageError(`${path}: no row that could be used${reason}`)
  }
  const labels = new Set(samples.flatMap((sample) => ('label' in sample && sample.label ? [sample.label] : [])))
  return indexedSource(path, samples.length, labels.size > 0 ? [...labels].sort(byName) : undefined, (i) => samples[i]!)
}

interface Columns {
  image: string
  caption: string | undefined
  label: string | undefined
}

function findColumns(path: string, found: readonly string[], options: TableOptions): Columns {
  const one = (asked: string | undefined, names: readonly string[]) =>
    (asked === undefined ? names : [asked]).find((name) => found.includes(name))
  const image = one(options.imageColumn, ['image', 'filepath', 'file_name'])
  const label = one(undefined, ['label'])
  const caption = one(options.captionColumn, ['caption', 'captions', 'title', 'text'])
  const columns = found.map((name) => `"${name}"`).join(', ')
  const missing = (name: string, option: string) =>
    new UsageError(
      `${path}: no column "${name}"; it has ${columns}. Rename it, name the right one with \`${option}\`, or give the table's \`separator\``,
    )
  if (image === undefined) throw missing(options.imageColumn ?? 'image', 'imageColumn')
  const classes = label !== undefined && options.captionColumn === undefined
  if (caption === undefined && !classes) throw missing(options.captionColumn ?? 'caption', 'captionColumn')
  return { image, caption, label }
}

function read(
  key: string,
  fields: Record<string, unknown>,
  columns: Columns,
  folder: string,
  templates: readonly string[] | undefined,
): (Sample & { captions: string[] }) | Skipped {
  const image = fields[columns.image]
  if (typeof image !== 'string' || image.trim() === '') return { key, reason: `its field "${columns.image}" is empty` }
  const named = columns.label === undefined ? '' : String(fields[columns.label] ?? '').trim()
  const label = named === '' ? {} : { label: named }
  const own = columns.caption === undefined ? undefined : fields[columns.caption]
  const texts = (Array.isArray(own) ? own : [own]).filter((text) => typeof text === 'string')
  const captions = trimmed(texts)
  if (captions.length === 0 && named !== '') captions.push(...classCaptions(named, templates))
  if (captions.length === 0) return { key, reason: `its field "${columns.caption ?? columns.label}" is empty` }
  const path = resolve(folder, image.trim())
  return { key: path, image: path, captions, ...label }
}

async function* separated(path: string, delimiter: string): AsyncGenerator<Row> {
  const parser = parse({ bom: true, delimiter, info: true, relax_column_count: true, skip_empty_lines: true })
  const stream = createReadStream(path)
  stream.on('error', (error) => parser.destroy(error))
  let header: string[] | undefined
  try {
    for await (const { record, info } of stream.pipe(parser) as AsyncIterable<{ record: string[]; info: Info }>) {
      const line = info.lines
      if (!header) header = record.map((name) => name.trim())
      else if (record.length === header.length) {
        yield { line, fields: Object.fromEntries(header.map((name, i) => [name, record[i]])) }
      } else yield { line, reason: `${record.length} fields, where the header has ${header.length}` }
    }
  } catch (error) {
    const { code, message } = error as Error & { code?: string }
    if (!code?.startsWith('CSV_')) throw error
    // A quote that is never closed: nothing after it can be told apart.
    throw new UsageError(`${path}: not a table with the separator ${JSON.stringify(delimiter)} (${message})`, {
      cause: error,
    })
  } finally {
    stream.destroy()
  }
}

async function* jsonLines(path: string): AsyncGenerator<Row> {
  const stream = createReadStream(path, 'utf8')
  let line = 0
  for await (const text of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
    line++
    const json = text.replace(/^\uFEFF/, '').trim()
    if (json !== '') yield { line, ...parseLine(json) }
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
