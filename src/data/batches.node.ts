// Batches to train on (the paper's Figure 3, `I[n, h, w, c]` and `T[n, l]`): samples in the epoch's order, decoded and
// augmented on threads ahead of their use, and a place to resume from after each.

import { availableParallelism } from 'node:os'
import { InputError, UsageError } from '../errors.ts'
import type { Augmentation } from '../image/augment.ts'
import { createImagePool, type ImagePool, type UnturnedImage } from '../image/pool.node.ts'
import type { Preprocessing } from '../image/transform.ts'
import { createRandom } from '../random.ts'
import { counted } from './counted.ts'
import { lookahead } from './lookahead.node.ts'
import { inOneLine, type Sample, type Skipped, type Source } from './sample.ts'

export type { Augmentation as AugmentOptions } from '../image/augment.ts'

/** The place after a batch, as JSON: resuming there gives exactly the samples that follow. */
export interface Cursor {
  epoch: number
  /** Samples of the epoch's order that were used or found broken. */
  samples: number
}

/** Prepared images with their captions and labels. */
export interface Batch {
  /** `[n, 3, size, size]` bytes, before normalising; empty if embeddings are given. */
  pixels: Uint8Array
  /** `[n, embedDim]`, if embeddings are given. */
  embeddings?: Float32Array | undefined
  /** One for each image; of several, a random one. */
  captions: string[]
  labels: (string | undefined)[]
  keys: string[]
  /** Broken samples since the batch before. */
  skipped: Skipped[]
  cursor: Cursor
}

/** Options of `batches`. */
export interface BatchesOptions {
  source: Source
  /** Samples in every batch. */
  batch: number
  seed: number
  /** Whether each epoch has a new order; otherwise samples come as stored. */
  shuffle: boolean
  /** `{}` for open_clip's default. Default: no augmentation, as for evaluation. */
  augment?: Augmentation | undefined
  preprocessing: Preprocessing
  /** Of a frozen encoder, by samples' keys: used in place of the images, which are not read. */
  embeddings?: ReadonlyMap<string, Float32Array> | undefined
  /** Where to resume. Default: the start of epoch 0. */
  cursor?: Cursor | undefined
  /** Ends before this epoch. Default: never. */
  epochs?: number | undefined
  /** Threads that decode; 0: the calling thread. Default: one for each core. */
  workers?: number | undefined
  /** Images of more pixels are refused. */
  maxPixels?: number | undefined
  /** Turns images upright by their EXIF orientation. */
  exifRotate?: boolean | undefined
  /** Called for each image whose EXIF orientation was not applied. */
  onOrientation?: ((image: UnturnedImage) => void) | undefined
  signal?: AbortSignal | undefined
}

/** Batches that are prepared while one is in use. */
const batchesAhead = 2

/** Milliseconds for which a finished batch may be held back so that the threads have enough to do. */
const patience = 25

/** A place in an epoch's order, and its sample. */
interface Prepared extends Cursor {
  result: Promise<Done | Skipped>
}

interface Done extends Pick<Sample, 'key' | 'label'> {
  pixels: Uint8Array
  embedding?: Float32Array | undefined
  caption: string
}

/**
 * Full batches only: the next sample takes a broken one's place, and the rest of an epoch that does not fill a batch is
 * left out, as with open_clip's `drop_last`. The order, the crops and the choice of captions depend on seed, epoch and
 * place alone, whatever is fetched, decoded or broken first.
 *
 * @throws UsageError if a whole epoch has fewer usable samples than a batch
 */
export async function* batches(options: BatchesOptions): AsyncGenerator<Batch, void, undefined> {
  const { source, batch, preprocessing, signal } = options
  const { cursor = { epoch: 0, samples: 0 }, augment, workers = availableParallelism() } = options
  const { maxPixels, exifRotate, onOrientation } = options
  if (!Number.isInteger(batch) || batch < 1)
    throw new UsageError(`\`batch\` is ${batch}; expected a whole number, 1 or more`)
  if (source.size < batch) throw tooFew(options, source.size, [])
  const pool = createImagePool({
    preprocessing,
    workers,
    maxPixels,
    exifRotate,
    onOrientation,
    augmentation: augment,
    ahead: Math.max(16, Math.ceil((batchesAhead * batch) / Math.max(1, workers))),
  })
  const queue = lookahead(places(options, cursor, pool), batchesAhead * batch)
  try {
    let epoch = cursor.epoch
    let full = cursor.samples > 0 // this epoch has given a batch, now or before the cursor
    let taken: Done[] = []
    let skipped: Skipped[] = []
    for (;;) {
      const next = await queue.next()
      if (!next || next.epoch !== epoch) {
        if (!full) throw tooFew(options, taken.length, skipped)
        if (!next) return
        epoch = next.epoch
        full = false
        taken = []
      }
      const result = await next.result
      signal?.throwIfAborted()
      if ('reason' in result) skipped.push(result)
      else taken.push(result)
      if (taken.length < batch) continue
      // The consumer may block this thread for long, so the other threads get their work first.
      await queue.filled(patience)
      yield { ...together(taken), skipped, cursor: { epoch, samples: next.samples } }
      full = true
      taken = []
      skipped = []
    }
  } finally {
    await queue.close()
    await pool.close()
  }
}

const nothing = new Uint8Array()

function together(taken: readonly Done[]): Pick<Batch, 'pixels' | 'embeddings' | 'captions' | 'labels' | 'keys'> {
  const width = taken[0]!.embedding?.length ?? 0
  const embeddings = new Float32Array(taken.length * width)
  for (const [i, { embedding }] of taken.entries()) if (embedding) embeddings.set(embedding, i * width)
  const each = taken[0]!.pixels.length
  const pixels = new Uint8Array(taken.length * each)
  for (const [i, done] of taken.entries()) pixels.set(done.pixels, i * each)
  return {
    pixels,
    embeddings: width > 0 ? embeddings : undefined,
    captions: taken.map(({ caption }) => caption),
    labels: taken.map(({ label }) => label),
    keys: taken.map(({ key }) => key),
  }
}

function tooFew({ source, batch }: BatchesOptions, usable: number, skipped: readonly Skipped[]): UsageError {
  const [first] = skipped
  const broken = first ? `; ${skipped.length} cannot be used, the first: ${inOneLine(first)}` : ''
  const advice =
    usable > 0 ? `; choose a \`batch\` of ${usable} or less, or more data` : '; check the files and paths of the data'
  return new UsageError(
    `${source.name}: ${counted(usable, 'usable sample')} in an epoch ${usable === 1 ? 'does' : 'do'} not fill a batch of ${batch}${broken}${advice}`,
  )
}

/** All places from the cursor, epoch after epoch, each in preparation. */
async function* places(
  options: BatchesOptions,
  from: Cursor,
  pool: ImagePool,
): AsyncGenerator<Prepared, void, undefined> {
  const { source, seed, shuffle, epochs = Number.POSITIVE_INFINITY, signal } = options
  let skip = from.samples
  for (let epoch = from.epoch; epoch < epochs; epoch++, skip = 0) {
    let samples = skip
    for await (const sample of source.samples({ seed, epoch, shuffle, skip })) {
      signal?.throwIfAborted()
      const result = 'reason' in sample ? Promise.resolve(sample) : prepared(sample, samples, epoch, options, pool)
      result.catch(() => {}) // no warning of an unhandled rejection: it is thrown when it is awaited
      samples++
      yield { epoch, samples, result }
    }
  }
}

async function prepared(
  { key, image, captions, label }: Sample,
  place: number,
  epoch: number,
  { seed, augment, embeddings }: BatchesOptions,
  pool: ImagePool,
): Promise<Done | Skipped> {
  try {
    const embedding = embeddings?.get(key)
    if (embeddings && !embedding) return { key, reason: `${key} has no embedding` }
    const pixels = embedding ? nothing : await pool.preprocess(image, augment && ['augment', seed, epoch, place])
    const drawn = captions.length > 1 ? createRandom('caption', seed, epoch, place).integer(captions.length) : 0
    return { key, pixels, embedding, caption: captions[drawn]!, label }
  } catch (error) {
    if (error instanceof InputError) return { key, reason: error.message }
    throw error
  }
}
