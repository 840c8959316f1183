// Embeddings of many inputs, one by one, in the order given. An input that fails is reported and skipped.

import type { Clip, ImageError, ImageInput } from 'typeclip'
import type { FoundImages } from '../inputs/images.ts'
import type { NamedText } from '../inputs/texts.ts'
import type { OnLong } from '../model-flags.ts'
import type { ExitCode } from '../shell/command.ts'
import { counted } from '../shell/counted.ts'
import type { Terminal } from '../shell/terminal.ts'
import { type Job, startJob } from './job.ts'

interface Options {
  normalize?: boolean
  terminal: Terminal
  job: Job
}

/** Reports that no image was found, without loading a model. */
export function noImages({ missing }: FoundImages, terminal: Terminal): ExitCode {
  const job = startJob(terminal, 'image')
  for (const { path, error } of missing) job.fail(path, error)
  return job.end()
}

export const embedImages = (clip: Clip, found: FoundImages, { normalize, ...options }: Options) =>
  streamFound((images, more) => clip.streamImages(images, { ...more, normalize }), found, options)

/** The found images through a model: `streamImages`, or the `scores` of a Scorer. */
export async function* streamFound<Result extends { index: number }>(
  stream: (images: Iterable<ImageInput>, options: { signal: AbortSignal }) => AsyncIterable<Result | ImageError>,
  { images, missing }: FoundImages,
  { terminal, job }: Omit<Options, 'normalize'>,
): AsyncGenerator<Result & { path: string }> {
  for (const { path, error } of missing) job.fail(path, error)
  if (images.length === 0) return
  const sources = images.map(({ image }) => image)
  for await (const result of stream(sources, { signal: terminal.signal })) {
    const { path } = images[result.index]!
    if ('error' in result) {
      job.fail(path, result.error)
    } else {
      yield { ...result, path }
      job.done()
    }
  }
}

/** Texts embedded at a time: memory does not grow with the length of a file. */
const maxWaiting = 256

export async function* embedTexts(
  clip: Clip,
  texts: AsyncIterable<NamedText>,
  { normalize = false, onLong, terminal, job }: Options & { onLong: OnLong },
): AsyncGenerator<{ text: string; embedding: Float32Array }> {
  const contextLength = clip.config.text?.contextLength ?? 0
  let waiting: string[] = []

  async function* embedWaiting(): AsyncGenerator<{ text: string; embedding: Float32Array }> {
    const { data, shape } = await clip.encodeText(waiting, { normalize, onLong, signal: terminal.signal })
    for (const [i, text] of waiting.entries()) {
      yield { text, embedding: data.subarray(i * shape[1], (i + 1) * shape[1]) }
      job.done()
    }
    waiting = []
  }

  for await (const { text, name } of texts) {
    const tokens = onLong === 'error' ? clip.tokenizer.encode(text).length : 0
    if (tokens > contextLength) {
      job.fail(
        name,
        new Error(
          `${counted(tokens, 'token')}, and the model reads ${contextLength}: shorten it, or use --truncate or --chunk`,
        ),
      )
      continue
    }
    waiting.push(text)
    if (waiting.length === maxWaiting) yield* embedWaiting()
  }
  if (waiting.length > 0) yield* embedWaiting()
}
