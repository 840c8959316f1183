// `typeclip preprocess`: images to the pixels that a model reads.

import type { Preprocessing } from 'typeclip'
import { UsageError } from 'typeclip/errors'
import { findImages, imageWords } from '../inputs/images.ts'
import { addressFlags, imageFlags } from '../model-flags.ts'
import { startJob } from '../outputs/job.ts'
import { createRowFile } from '../outputs/row-file.ts'
import { notRotatedNotice } from '../outputs/use-notices.ts'
import { defineCommand } from '../shell/command.ts'

/** Images that are preprocessed at the same time. */
const maxPending = 32

export const command = defineCommand({
  usage: 'IMAGE… --out X.npy [flags]',
  about: [
    'Writes float32 [n, 3, N, N], normalised; with --raw, uint8 before normalising. An image that fails has no row;',
    'X.rows.jsonl names the image of each row.',
    ...imageWords,
  ],
  flags: {
    out: { type: 'text', value: 'X', help: 'file to write; it is replaced only when the new one is complete' },
    size: { type: 'count', value: 'N', help: 'side of the square in pixels. Default: 224' },
    mode: {
      type: 'text',
      value: 'M',
      choices: ['shortest', 'longest', 'squash'],
      help: 'crop to a square (shortest), pad to one (longest), or squash. Default: shortest',
    },
    interpolation: {
      type: 'text',
      value: 'I',
      choices: ['bicubic', 'bilinear'],
      help: 'how to resize. Default: bicubic',
    },
    raw: { type: 'switch', help: 'bytes, before normalising' },
    ...imageFlags,
    ...addressFlags,
  },
  examples: [
    'typeclip preprocess photos --out photos.npy',
    'typeclip preprocess a.png --order hf --size 336 --raw --out a.npy',
  ],
  async run(words, values, terminal) {
    const { out, size = 224, order, mode, interpolation, raw, maxPixels, maxBytes, exifRotate } = values
    if (out === undefined) throw new UsageError('--out is missing: a file X.npy')
    const { images, missing } = await findImages(words, terminal)
    const { createPreprocessor, normalize, openaiPreprocessing } = await import('typeclip')
    const defaults = openaiPreprocessing(size)
    const preprocessing: Preprocessing = {
      ...defaults,
      order: order ?? defaults.order,
      mode: mode ?? defaults.mode,
      interpolation: interpolation ?? defaults.interpolation,
    }
    const file = await createRowFile(out, { allowed: ['.npy'], shape: [3, size, size] })
    const notRotated = new Set<string>()
    const preprocessor = createPreprocessor({
      preprocessing,
      maxPixels,
      maxBytes,
      exifRotate,
      onOrientation: ({ id }) => notRotated.add(id),
    })
    const job = startJob(terminal, 'image', images.length)
    try {
      for (const { path, error } of missing) job.fail(path, error)
      const options = { signal: terminal.signal }
      for await (const [{ path }, pixels] of inOrder(images, ({ image }) => preprocessor.preprocess(image, options))) {
        terminal.signal.throwIfAborted()
        if (pixels instanceof Error) {
          job.fail(path, pixels)
          continue
        }
        await file.write(raw ? pixels : normalized(pixels), { path })
        job.done()
      }
      const code = job.end()
      if (notRotated.size > 0) terminal.note(notRotatedNotice(notRotated.size))
      if (code < 2) {
        await file.commit()
        terminal.note(`wrote ${file.description()}`)
      }
      return code
    } finally {
      await file.discard()
      await preprocessor.close()
    }

    function normalized(pixels: Uint8Array): Float32Array {
      const floats = new Float32Array(pixels.length)
      normalize(pixels, preprocessing, floats, 0)
      return floats
    }
  },
})

/** Each item with its result, in the order given, several at the same time. An InputError counts as a result. */
async function* inOrder<T, R>(items: readonly T[], work: (item: T) => Promise<R>): AsyncGenerator<[T, R | Error]> {
  const pending: { item: T; result: Promise<R | Error> }[] = []
  for (const item of items) {
    const result = work(item).catch((error: Error) => {
      if (error.name === 'InputError') return error
      throw error
    })
    result.catch(() => {})
    pending.push({ item, result })
    if (pending.length === maxPending) yield* first()
  }
  while (pending.length > 0) yield* first()

  async function* first(): AsyncGenerator<[T, R | Error]> {
    const { item, result } = pending.shift()!
    yield [item, await result]
  }
}
