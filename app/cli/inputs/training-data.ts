// The flags that name training and validation data, and opening that data.

import { UsageError } from 'typeclip/errors'
import type { Source, SourceOptions } from 'typeclip/training'
import type { Flags, Values } from '../shell/arguments.ts'
import type { Terminal } from '../shell/terminal.ts'

export const dataFlags = {
  data: {
    type: 'texts',
    value: 'SOURCE',
    help: 'data to learn from; repeat the flag to mix several',
  },
  template: {
    type: 'texts',
    option: 'templates',
    value: 'T',
    help: 'class folders: caption with {} for the class; one of several is chosen at random',
  },
  val: { type: 'text', value: 'SOURCE', help: 'validate every checkpoint on this data, and keep the best as OUT/best' },
} as const satisfies Flags

export const columnFlags = {
  imageColumn: {
    type: 'text',
    value: 'C',
    help: 'table: column of image paths. Default: image, filepath or file_name',
  },
  captionColumn: {
    type: 'text',
    value: 'C',
    help: 'table: column of captions. Default: caption, captions, title or text',
  },
  separator: { type: 'text', value: 'S', help: 'table: column separator. Default: read from the header' },
} as const satisfies Flags

/** What the flags say of a table. */
export const columnsOf = ({ imageColumn, captionColumn, separator }: Values<typeof columnFlags>) => ({
  imageColumn,
  captionColumn,
  separator,
})

type DataValues = Values<typeof dataFlags> & Values<typeof columnFlags>

interface Data {
  data: Source
  val?: Source
  /** A named list of templates is replaced by its templates. */
  templates: string[]
}

/** @throws UsageError where there is no data */
export async function openData(values: DataValues, terminal: Terminal): Promise<Data> {
  if (values.data.length === 0) throw new UsageError('--data is missing: a folder, a table, or .tar shards')
  const { combine, openSource } = await import('typeclip/training')
  const { templateLists } = await import('typeclip')
  const templates = values.template.flatMap((template) => templateLists[template] ?? [template])
  const options: SourceOptions = {
    ...columnsOf(values),
    signal: terminal.signal,
    ...(templates.length > 0 && { templates }),
  }
  terminal.status('looking at the data')
  const sources = []
  for (const where of values.data) sources.push(await openSource(where, options))
  const data = combine(sources)
  for (const notice of data.notices ?? []) terminal.note(notice)
  if (values.val === undefined) return { data, templates }
  const val = await openSource(values.val, options).catch(async (error: Error) => {
    // Templates are for class folders; captions may be what the other data has.
    if (templates.length > 0 && error.name === 'UsageError') {
      return openSource(values.val!, { ...options, templates: undefined })
    }
    throw error
  })
  for (const notice of val.notices ?? []) terminal.note(notice)
  return { data, val, templates }
}
