// The flags of every command that runs a model, and the model that they ask for.

import type { Clip, LoadOptions } from 'typeclip'
import { UsageError } from 'typeclip/errors'
import type { Flags, Values } from './arguments.ts'
import { downloading } from './downloading.ts'
import type { Terminal } from './terminal.ts'
import { createUseNotices } from './use-notices.ts'

export { megabytes } from './downloading.ts'

export const modelFlags = {
  model: {
    type: 'text',
    value: 'M',
    help: 'a name (typeclip models), a hub id, a folder or a file; else the one that ships',
  },
  activation: { type: 'text', value: 'A', choices: ['quickgelu', 'gelu'], help: 'where the checkpoint does not say' },
  device: { type: 'text', value: 'D', help: 'cpu (default), webgpu, cuda, coreml or dml' },
  threads: { type: 'count', value: 'N', help: 'threads to compute with; else one for each core' },
} as const satisfies Flags

export const imageFlags = {
  order: {
    type: 'text',
    value: 'O',
    choices: ['openai', 'hf'],
    help: "resize, then RGB; or RGB first. Else as the model's publisher does",
  },
  maxPixels: { type: 'count', value: 'N', help: 'refuse larger pictures' },
  exifRotate: { type: 'switch', help: 'turn photos upright by their EXIF entry; the reference does not' },
} as const satisfies Flags

/** Of commands that read images at addresses. */
export const addressFlags = {
  maxBytes: { type: 'count', value: 'N', help: 'refuse images at addresses of more bytes; else 268435456' },
} as const satisfies Flags

export const longTextFlags = {
  truncate: {
    type: 'switch',
    option: "onLong: 'truncate'",
    help: 'cut texts that are too long for the model; else they are an error',
  },
  chunk: { type: 'switch', option: "onLong: 'chunk'", help: 'embed long texts in pieces and take the mean' },
} as const satisfies Flags

export type OnLong = 'error' | 'truncate' | 'chunk'

export function onLong({ truncate, chunk }: Values<typeof longTextFlags>): OnLong {
  if (truncate && chunk) throw new UsageError('--truncate and --chunk are two answers to the same question; give one')
  return truncate ? 'truncate' : chunk ? 'chunk' : 'error'
}

type ModelValues = Values<typeof modelFlags> &
  Partial<Values<typeof imageFlags> & Values<typeof addressFlags>> &
  Pick<LoadOptions, 'randomWeights'>

/** Loads the model, tells what there is to know about it, and gives its memory and threads back afterwards. */
export async function withModel<T>(
  values: ModelValues,
  towers: NonNullable<LoadOptions['towers']>,
  terminal: Terminal,
  use: (clip: Clip) => Promise<T>,
  notices = createUseNotices(terminal),
): Promise<T> {
  const { load } = await import('typeclip')
  const { activation, device, threads, order, maxPixels, maxBytes, exifRotate, randomWeights } = values
  const clip = await load(values.model, {
    towers,
    ...(activation && { activation }),
    ...(device && { device }),
    ...(threads && { threads }),
    ...(order && { preprocessing: { order } }),
    ...(maxPixels && { maxPixels }),
    ...(maxBytes && { maxBytes }),
    ...(exifRotate && { exifRotate }),
    ...(randomWeights !== undefined && { randomWeights }),
    signal: terminal.signal,
    onNotice: notices.onNotice,
    ...downloading(terminal),
  })
  terminal.status(undefined)
  try {
    for (const notice of clip.notices) terminal.note(notice)
    const result = await use(clip)
    notices.end()
    return result
  } finally {
    await clip.dispose()
  }
}
