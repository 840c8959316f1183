// What classification and the evaluations share: labelled data, class names, trained classifiers, calibrations.

import { readFile } from 'node:fs/promises'
import { UsageError } from 'typeclip/errors'
import type { Calibration, SampleOptions, Source } from 'typeclip/evaluate'
import { startJob } from '../outputs/job.ts'
import type { Flags, Values } from '../shell/arguments.ts'
import { counted } from '../shell/counted.ts'
import { reasonOf } from '../shell/system-errors.ts'
import type { Terminal } from '../shell/terminal.ts'
import { type columnFlags, columnsOf } from './training-data.ts'

export const wordFlags = {
  template: {
    type: 'texts',
    option: 'templates',
    value: 'T',
    help: 'prompt with {} for the class. Default: "a photo of a {}."',
  },
  classnames: {
    type: 'text',
    option: 'words',
    value: 'FILE',
    help: 'JSON object from folder names to class names: {"n01440764": "tench", …}',
  },
} as const satisfies Flags

export const resultFlags = {
  json: { type: 'switch', help: 'all numbers as one object' },
  html: { type: 'text', value: 'FILE', help: 'page to write, with images; an existing file is replaced' },
} as const satisfies Flags

/** @param classes whether each image needs a class, and its captions are ignored */
export async function openLabelledData(
  flag: string,
  path: string | undefined,
  terminal: Terminal,
  { classes, columns }: { classes: boolean; columns: Values<typeof columnFlags> },
): Promise<Source> {
  if (path === undefined) throw new UsageError(`${flag} is missing: the data to evaluate on`)
  const { openSource } = await import('typeclip/evaluate')
  terminal.status('reading the data')
  const source = await openSource(path, { ...columnsOf(columns), classes, signal: terminal.signal })
  terminal.status(undefined)
  for (const notice of source.notices ?? []) terminal.note(notice)
  return source
}

/** `imagenet` is replaced by its templates. */
export async function templatesOf(given: readonly string[]): Promise<string[] | undefined> {
  const { templateLists } = await import('typeclip')
  return given.length > 0 ? given.flatMap((template) => templateLists[template] ?? [template]) : undefined
}

export async function wordsOf(file: string | undefined): Promise<Map<string, string>> {
  if (file === undefined) return new Map()
  const bytes = await readFile(file).catch((error: Error) => {
    throw new UsageError(`--classnames ${file} cannot be read: ${reasonOf(error)}`, { cause: error })
  })
  const { decodeUtf8 } = await import('typeclip')
  const text = decodeUtf8(bytes, `--classnames ${file}`)
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw new UsageError(`--classnames ${file} is not JSON: ${(error as Error).message}`)
  }
  const entries = typeof json === 'object' && json !== null && !Array.isArray(json) ? Object.entries(json) : []
  const wrong = entries.find(([, words]) => typeof words !== 'string' || words.trim() === '')
  if (entries.length === 0 || wrong) {
    const found = wrong ? `"${wrong[0]}" is ${JSON.stringify(wrong[1])}` : 'it is other JSON, or empty'
    throw new UsageError(
      `--classnames ${file}: expected an object, folder name to words ({"n01440764": "tench"}); ${found}`,
    )
  }
  return new Map(entries as [string, string][])
}

/** Reports names in the file that are no class of the data: typing mistakes, or classes without images. */
export function noteUnknownClasses(
  words: ReadonlyMap<string, string>,
  labels: readonly string[],
  terminal: Terminal,
): void {
  const others = [...words.keys()].filter((name) => !labels.includes(name))
  if (others.length === 0) return
  const some = `${others.slice(0, 3).join(', ')}${others.length > 3 ? ' …' : ''}`
  terminal.note(
    `--classnames has ${counted(others.length, 'class', 'classes')} without images in the data (${some}): predicted like the others`,
  )
}

export async function calibrationOf(
  file: string | undefined,
  model: string | undefined,
  terminal: Terminal,
): Promise<Calibration | undefined> {
  if (file === undefined) return undefined
  const { readCalibration } = await import('typeclip/evaluate')
  const calibration = await readCalibration(file)
  const name = model ?? 'starter'
  if (calibration.model !== name) {
    terminal.note(
      `${file} was made with the model ${calibration.model}, and this is ${name}: calibrate again for accurate numbers`,
    )
  }
  return calibration
}

/** Counts images, and reports those that cannot be used. */
export function countingJob(terminal: Terminal, total: number) {
  const job = startJob(terminal, 'image', total)
  const onSample: SampleOptions['onSample'] = (sample) => {
    if ('reason' in sample) job.fail(sample.key, new Error(sample.reason))
    else job.done()
  }
  return { onSample, end: job.end, signal: terminal.signal }
}
