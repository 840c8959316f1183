// The flags that name training and validation data, and how it is opened.

import { UsageError } from 'typeclip/errors'
import { downloading } from '../outputs/downloading.ts'
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
  val: {
    type: 'text',
    option: 'validation',
    value: 'SOURCE',
    help: 'validate every checkpoint on this data, and keep the best as OUT/best',
  },
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

/** What the flags say of the data and of how it is opened, as options of the library. */
export async function inputsOf(values: DataValues, terminal: Terminal) {
  const { data, val, template } = values
  if (data.length === 0) throw new UsageError('--data is missing: a folder, a table, or .tar shards')
  const { templateLists } = await import('typeclip')
  const { onProgress, onWait } = downloading(terminal)
  const templates = template.flatMap((name) => templateLists[name] ?? [name])
  return {
    data,
    validation: val,
    templates: templates.length > 0 ? templates : undefined,
    ...columnsOf(values),
    onDownload: onProgress,
    onWait,
    signal: terminal.signal,
  }
}
