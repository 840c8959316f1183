// A table of images and captions as a source: CSV, TSV (open_clip's training format) or JSON lines.

import { dirname, relative, resolve, sep } from 'node:path'
import { UsageError } from '../errors.ts'
import { checkTemplates, defaultTemplates, fillTemplates } from '../zero-shot/prompts.ts'
import { trimmed } from './captions.ts'
import { digestOf } from './digest.node.ts'
import { byName } from './image-files.ts'
import { indexedSource } from './indexed.ts'
import type { Sample, Skipped, Source } from './sample.ts'
import { captionColumns, imageColumns, type TableOptions, tableRows } from './table-rows.node.ts'

/**
 * Paths are relative to the table's folder. Rows of one image (and class) are one sample with several captions, in the
 * place of the first. Rows without a caption get one from their class in a `label` column.
 *
 * @throws UsageError if a column is missing, there is no row, or the file is not UTF-8
 */
export async function openTable(path: string, options: TableOptions = {}): Promise<Source> {
  checkTemplates(options.templates ?? [])
  const folder = dirname(resolve(path))
  const samples: (TableSample | Skipped)[] = []
  const byImage = new Map<string, { captions: string[] }>()
  const notices: string[] = []
  let columns: Columns | undefined
  for await (const row of tableRows(path, { ...options, notices })) {
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
  const labels = new Set(samples.flatMap((sample) => ('image' in sample ? (sample.label ?? []) : [])))
  const names = labels.size > 0 ? [...labels].sort(byName) : undefined
  const source = indexedSource(path, samples.length, names, (i) => samples[i]!)

  /** Paths as they are in the table, wherever it is stored. */
  function* parts() {
    for (const sample of samples) {
      if ('reason' in sample) yield undefined
      else yield [relative(folder, sample.image).split(sep).join('/'), sample.label, sample.captions]
    }
  }
  return { ...source, notices, digest: () => digestOf(parts()) }
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
  const label = named === '' ? undefined : named
  const own = columns.caption === undefined ? undefined : fields[columns.caption]
  const texts = (Array.isArray(own) ? own : [own]).filter((text) => text !== undefined && text !== null)
  const isText = (text: unknown): text is string => typeof text === 'string'
  if (!texts.every(isText)) return wrong(columns.caption!, own, 'a text, or a list of texts')
  const captions = trimmed(texts)
  if (captions.length === 0 && named !== '') captions.push(...fillTemplates(templates ?? defaultTemplates, named))
  if (captions.length === 0) return { key, reason: `its field "${columns.caption ?? columns.label}" is empty` }
  const path = resolve(folder, image.trim())
  return { key: path, image: path, captions, label }
}
