// A table of images and captions as a source: CSV, TSV (open_clip's training format) or JSON lines.

import { createReadStream } from 'node:fs'
import { dirname, extname, relative, resolve, sep } from 'node:path'
import { UsageError } from '../errors.ts'
import { utf8Blocks, utf8Lines } from '../files/utf8.ts'
import { checkTemplates, defaultTemplates, fillTemplates } from '../zero-shot/prompts.ts'
import { trimmed } from './captions.ts'
import { csvRows, headerNames, separatorOf } from './csv.ts'
import { digestOf } from './digest.node.ts'
import { byName } from './image-files.ts'
import { indexedSource } from './indexed.ts'
import type { Sample, Skipped, Source } from './sample.ts'

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

const imageColumns = ['image', 'filepath', 'file_name']
const captionColumns = ['caption', 'captions', 'title', 'text']

/** A line, its fields by column, or what is wrong with it. */
type Row = { line: number; fields: Record<string, unknown> } | { line: number; reason: string }

interface Reading extends TableOptions {
  /** Receives what was guessed. */
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

/**
 * Paths are relative to the table's folder. Rows of one and the same image (and class) are one sample with several
 * captions, in the place of the first. Class names in a `label` column make captions where there are none.
 *
 * @throws UsageError where a column is missing, no row is there, or the file is not UTF-8
 */
export async function openTable(path: string, options: TableOptions = {}): Promise<Source> {
  checkTemplates(options.templates ?? [])
  const folder = dirname(resolve(path))
  const samples: (TableSample | Skipped)[] = []
  const byImage = new Map<string, { captions: string[] }>()
  const notices: string[] = []
  let columns: Columns | undefined
  for await (const row of readers[extname(path).toLowerCase()]!(path, { ...options, notices })) {
    const key = `${path}:${row.line}`
    if ('reason' in row) {
      samples.push({ key, reason: row.reason })
      continue
    }
    columns ??= findColumns(path, Object.keys(row.fields), options)
    // Lines of JSON need not have the fields of the first one.
    columns.label ??= 'label' in row.fields ? 'label' : undefined
    columns.caption ??= captionColumns.find((name) => name in row.fields)
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
  const names = labels.size > 0 ? [...labels].sort(byName) : undefined
  const source = indexedSource(path, samples.length, names, (i) => samples[i]!)

  /** Paths as they are in the table, so that it may be stored anywhere. */
  function* parts() {
    for (const sample of samples) {
      if ('reason' in sample) yield undefined
      else yield [relative(folder, sample.image).split(sep).join('/'), sample.label, sample.captions]
    }
  }
  return { ...source, ...(notices.length > 0 && { notices }), digest: () => digestOf(parts()) }
}

interface Columns {
  image: string
  caption: string | undefined
  label: string | undefined
}

function findColumns(path: string, found: readonly string[], options: TableOptions): Columns {
  const one = (asked: string | undefined, names: readonly string[]) =>
    (asked === undefined ? names : [asked]).find((name) => found.includes(name))
  const image = one(options.imageColumn, imageColumns)
  const label = one(undefined, ['label'])
  const caption = one(options.captionColumn, captionColumns)
  const columns = found.map((name) => JSON.stringify(name)).join(', ')
  const missing = (name: string, option: string) => {
    const other = found.length === 1 ? found[0]!.match(/[,;\t|]/)?.[0] : undefined
    const advice =
      other === undefined
        ? `Name the right column with \`${option}\``
        : `Name the right column with \`${option}\`, and what is between the columns with \`separator\`: ${JSON.stringify(other)}, as it seems`
    return new UsageError(`${path}: no column "${name}"; it has ${columns}. ${advice}`)
  }
  if (image === undefined) throw missing(options.imageColumn ?? 'image', 'imageColumn')
  const classes = label !== undefined && options.captionColumn === undefined
  if (caption === undefined && !classes) throw missing(options.captionColumn ?? 'caption', 'captionColumn')
  return { image, caption, label }
}

type TableSample = Sample & { image: string; captions: string[] }

function read(
  key: string,
  fields: Record<string, unknown>,
  columns: Columns,
  folder: string,
  templates: readonly string[] | undefined,
): TableSample | Skipped {
  const wrong = (column: string, value: unknown, expected: string): Skipped => ({
    key,
    reason: `its field "${column}" is ${JSON.stringify(value)}; expected ${expected}`,
  })
  const image = fields[columns.image] ?? ''
  if (typeof image !== 'string') return wrong(columns.image, image, 'a path')
  if (image.trim() === '') return { key, reason: `its field "${columns.image}" is empty` }
  const found = columns.label === undefined ? '' : (fields[columns.label] ?? '')
  if (typeof found !== 'string' && !Number.isFinite(found)) return wrong(columns.label!, found, 'a text or a number')
  const named = String(found).trim()
  const label = named === '' ? {} : { label: named }
  const own = columns.caption === undefined ? undefined : fields[columns.caption]
  const texts = (Array.isArray(own) ? own : [own]).filter((text) => text !== undefined && text !== null)
  const isText = (text: unknown): text is string => typeof text === 'string'
  if (!texts.every(isText)) return wrong(columns.caption!, own, 'a text, or a list of texts')
  const captions = trimmed(texts)
  if (captions.length === 0 && named !== '') captions.push(...fillTemplates(templates ?? defaultTemplates, named))
  if (captions.length === 0) return { key, reason: `its field "${columns.caption ?? columns.label}" is empty` }
  const path = resolve(folder, image.trim())
  return { key: path, image: path, captions, ...label }
}

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

/** @throws UsageError for what is not one character; `\\t`, as a shell passes it, is a tab */
function askedSeparator(asked: string | undefined, path: string): string | undefined {
  if (asked === undefined || asked === '\\t') return asked && '\t'
  if (asked.length === 1 && !/["\r\n]/.test(asked)) return asked
  throw new UsageError(`${path}: \`separator\` is ${JSON.stringify(asked)}; expected one character, such as ";"`)
}

const separatorNames: Readonly<Record<string, string>> = {
  ',': 'commas',
  ';': 'semicolons',
  '\t': 'tabs',
  '|': 'vertical bars',
}

/** The usual separator, or the one by which the header has a column of images. */
function separatorIn(block: string, usual: string, path: string, { imageColumn, notices }: Reading): string {
  const header = /[^\r\n]*/.exec(block.replace(/^[\r\n]+/, ''))![0]
  const found = separatorOf(header, usual, imageColumn === undefined ? imageColumns : [imageColumn]) ?? usual
  if (found !== usual && headerNames(header, found).length > 1) {
    notices.push(`${path}: its columns are separated by ${separatorNames[found]}, as its header shows`)
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
