// The flags that several commands share: the model, how images are read, long texts. And loading that model.

import type { Clip, LoadOptions } from 'typeclip'
import { UsageError } from 'typeclip/errors'
import { downloading } from './outputs/downloading.ts'
import { createUseNotices } from './outputs/use-notices.ts'
import type { Flags, Values } from './shell/arguments.ts'
import type { Terminal } from './shell/terminal.ts'

export const modelFlags = {
  model: {
    type: 'text',
    value: 'M',
    help: 'name (typeclip models), hub id, folder or file. Default: the small model that ships',
  },
  activation: {
    type: 'text',
    value: 'A',
    choices: ['quickgelu', 'gelu'],
    help: 'activation of a checkpoint that does not name its own',
  },
  device: {
    type: 'text',
    value: 'D',
    choices: ['cpu', 'webgpu', 'cuda', 'coreml', 'dml'],
    help: 'cpu, webgpu, cuda, coreml or dml. Default: cpu',
  },
  threads: { type: 'count', value: 'N', help: 'threads to compute with. Default: one for each core' },
} as const satisfies Flags

export const imageFlags = {
  order: {
    type: 'text',
    value: 'O',
    choices: ['openai', 'hf'],
    help: "openai (resize, then RGB) or hf (RGB, then resize). Default: the checkpoint's",
  },
  maxPixels: { type: 'count', value: 'N', help: 'refuse images with more pixels. Default: 178,956,970, as Pillow' },
  exifRotate: { type: 'switch', help: 'rotate photos by their EXIF orientation, which the reference ignores' },
} as const satisfies Flags

/** For commands that read images at addresses. */
export const addressFlags = {
  maxBytes: { type: 'count', value: 'N', help: 'refuse images at addresses with more bytes. Default: 268,435,456' },
} as const satisfies Flags

export const longTextFlags = {
  truncate: {
    type: 'switch',
    option: "onLong: 'truncate'",
    help: 'cut texts that are too long for the model; without it they are errors',
  },
  chunk: { type: 'switch', option: "onLong: 'chunk'", help: 'split long texts, embed the parts and average them' },
} as const satisfies Flags

export type OnLong = 'error' | 'truncate' | 'chunk'

export function onLong({ truncate, chunk }: Values<typeof longTextFlags>): OnLong {
  if (truncate && chunk) throw new UsageError('--truncate and --chunk are two answers to the same question; give one')
  return truncate ? 'truncate' : chunk ? 'chunk' : 'error'
}

type ModelValues = Values<typeof modelFlags> &
  Partial<Values<typeof imageFlags> & Values<typeof addressFlags>> &
  Pick<LoadOptions, 'randomWeights'>

/** The encoders that the inputs need. */
export const encodersFor = (inputs: { image: boolean; text: boolean }): ('image' | 'text')[] =>
  (['image', 'text'] as const).filter((encoder) => inputs[encoder])

/** Loads the model, shows its notices, and disposes of it afterwards. */
export async function withModel<T>(
  values: ModelValues,
  towers: NonNullable<LoadOptions['towers']>,
  terminal: Terminal,
  use: (clip: Clip) => Promise<T>,
  notices = createUseNotices(terminal),
): Promise<T> {
  const { load, starterNotice } = await import('typeclip')
  const { activation, device, threads, order, maxPixels, maxBytes, exifRotate, randomWeights } = values
  const clip = await load(values.model, {
    towers,
    activation,
    device,
    threads,
    preprocessing: order && { order },
    maxPixels,
    maxBytes,
    exifRotate,
    randomWeights,
    signal: terminal.signal,
    onNotice: notices.onNotice,
    ...downloading(terminal),
  })
  terminal.status(undefined)
  try {
    // Whoever wrote a script knows that it uses the starter: only a terminal shows that notice.
    const shown = terminal.watched ? clip.notices : clip.notices.filter((notice) => notice !== starterNotice)
    for (const notice of shown) terminal.note(notice)
    const result = await use(clip)
    notices.end()
    return result
  } finally {
    await clip.dispose()
  }
}
