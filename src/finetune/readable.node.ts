// Finds the images that can be read before a run starts: a class without one is refused, and an epoch of a small data set counts
// only readable images.

import type { Sample, Skipped, Source } from '../data/sample.ts'
import { InputError } from '../errors.ts'
import { labelOf, refuseEmptyClasses } from '../evaluate/labelled-data.ts'
import { createImagePool } from '../image/pool.node.ts'
import type { Preprocessing } from '../image/transform.ts'
import { subset } from './few-shot.ts'
import type { CommonOptions } from './options.ts'

/** In a set up to this size every image is decoded beforehand; a larger set has enough readable images to fill its batches. */
const small = 2000
const together = 32

type Reading = Pick<CommonOptions, 'maxPixels' | 'exifRotate' | 'signal'> & { preprocessing: Preprocessing }

/**
 * Decodes the images of each class until one is readable.
 *
 * @throws UsageError for classes without a readable image
 */
export async function checkClasses(source: Source, classes: readonly string[], reading: Reading): Promise<void> {
  const readable = new Set<number>()
  const skipped: Skipped[] = []
  const wanted = (sample: Sample) => !readable.has(classes.indexOf(labelOf(sample, source)))
  for await (const { sample, reason } of decoded(source, wanted, { ...reading, workers: 0 })) {
    if (reason !== undefined) skipped.push({ key: sample.key, reason })
    else readable.add(classes.indexOf(labelOf(sample as Sample, source)))
    if (readable.size === classes.length) return
  }
  refuseEmptyClasses(source, classes, readable, skipped)
}

/** A small source without its unreadable images; a large one unchanged. */
export async function readableOf(source: Source, reading: Reading): Promise<{ source: Source; skipped: Skipped[] }> {
  if (source.size > small) return { source, skipped: [] }
  const keys = new Set<string>()
  const skipped: Skipped[] = []
  for await (const { sample, reason } of decoded(source, () => true, reading)) {
    if (reason === undefined) keys.add(sample.key)
    else skipped.push({ key: sample.key, reason })
  }
  if (skipped.length === 0) return { source, skipped }
  return { source: subset(source, { keys, broken: new Set() }, source.name), skipped }
}

/** Selected samples in order; with the reason, if the image cannot be read. */
async function* decoded(
  source: Source,
  wanted: (sample: Sample) => boolean,
  { preprocessing, maxPixels, exifRotate, signal, workers }: Reading & { workers?: number | undefined },
): AsyncGenerator<{ sample: Sample | Skipped; reason?: string | undefined }> {
  const pool = createImagePool({ preprocessing, maxPixels, exifRotate, workers })
  const ahead = workers === 0 ? 1 : together
  const waiting: Promise<{ sample: Sample | Skipped; reason?: string | undefined }>[] = []
  const read = async (sample: Sample) => {
    try {
      await pool.preprocess(sample.image)
      return { sample }
    } catch (error) {
      if (error instanceof InputError) return { sample, reason: error.message }
      throw error
    }
  }
  try {
    for await (const sample of source.samples({ seed: 0, epoch: 0, shuffle: false })) {
      signal?.throwIfAborted()
      if ('reason' in sample) waiting.push(Promise.resolve({ sample, reason: sample.reason }))
      else if (wanted(sample)) waiting.push(read(sample))
      waiting.at(-1)?.catch(() => {})
      if (waiting.length >= ahead) yield await waiting.shift()!
    }
    for (const result of waiting) yield await result
  } finally {
    await pool.close()
  }
}
