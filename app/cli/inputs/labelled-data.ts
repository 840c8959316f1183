// What the evaluations have in common: their data, words for its classes, a calibration, and a job that counts images.

import { readFile } from 'node:fs/promises'
import { UsageError } from 'typeclip/errors'
import type { Calibration, SampleOptions, Source } from 'typeclip/evaluate'
import { startJob } from '../outputs/job.ts'
import type { Flags, Values } from '../shell/arguments.ts'
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

/** @param classes whether the data is images with a class each, whatever captions they have */
export async function openData(
  flag: string,
  where: string | undefined,
  terminal: Terminal,
  { classes, columns }: { classes: boolean; columns: Values<typeof columnFlags> },
): Promise<Source> {
  if (where === undefined) throw new UsageError(`${flag} is missing: the data to evaluate on`)
  const { openSource } = await import('typeclip/evaluate')
  terminal.status('looking at the data')
  const source = await openSource(where, { ...columnsOf(columns), classes, signal: terminal.signal })
  terminal.status(undefined)
  for (const notice of source.notices ?? []) terminal.note(notice)
  return source
}

/** Template lists stand by their names. */
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
  let found: unknown
  try {
    found = JSON.parse(text)
  } catch (error) {
    throw new UsageError(`--classnames ${file} is not JSON: ${(error as Error).message}`)
  }
  const entries = typeof found === 'object' && found !== null && !Array.isArray(found) ? Object.entries(found) : []
  const wrong = entries.find(([, words]) => typeof words !== 'string' || words.trim() === '')
  if (entries.length === 0 || wrong) {
    const seen = wrong ? `"${wrong[0]}" is ${JSON.stringify(wrong[1])}` : 'it is another kind of JSON, or empty'
    throw new UsageError(
      `--classnames ${file}: expected an object, folder name to words ({"n01440764": "tench"}); ${seen}`,
    )
  }
  return new Map(entries as [string, string][])
}

/** Says which names of the file are no class of the data: a slip of the pen, or classes without an image. */
export function noteOthers(words: ReadonlyMap<string, string>, labels: readonly string[], terminal: Terminal): void {
  const others = [...words.keys()].filter((name) => !labels.includes(name))
  if (others.length === 0) return
  const some = `${others.slice(0, 3).join(', ')}${others.length > 3 ? ' …' : ''}`
  terminal.note(
    `--classnames has ${others.length} that are no class of the data (${some}); they count as possible answers`,
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
      `${file} was made with the model ${calibration.model}, and this is ${name}; its numbers hold for that one`,
    )
  }
  return calibration
}

/** Counts images, and names those that cannot be used. */
export function countingJob(terminal: Terminal, total: number) {
  const job = startJob(terminal, 'image', total)
  const onSample: SampleOptions['onSample'] = (sample) => {
    if ('reason' in sample) job.fail(sample.key, new Error(sample.reason))
    else job.done()
  }
  return { onSample, end: job.end, signal: terminal.signal }
}
