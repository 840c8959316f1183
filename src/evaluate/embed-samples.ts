// A data set as a model sees it: each picture's embedding beside its sample, in order; what is broken is counted and named.

import type { Sample, Skipped, Source } from '../data/sample.ts'
import { UsageError } from '../errors.ts'
import type { Clip } from '../load.ts'

/** Options of every evaluation. */
export interface SampleOptions {
  signal?: AbortSignal | undefined
  /** Called for each sample when it is done, or could not be used. */
  onSample?: ((sample: { key: string } | Skipped) => void) | undefined
}

export interface EmbeddedSample {
  sample: Sample
  /** As the model gives it, not normalised. */
  embedding: Float32Array
}

/** Pictures are decoded ahead while the model computes; no more than a few dozen files are held at a time. */
export async function* embedSamples(
  clip: Clip,
  source: Source,
  { signal, onSample, skipped }: SampleOptions & { skipped: Skipped[] },
): AsyncGenerator<EmbeddedSample> {
  const waiting: Sample[] = []

  function skip(found: Skipped): void {
    skipped.push(found)
    onSample?.(found)
  }

  async function* images() {
    for await (const sample of source.samples({ seed: 0, epoch: 0, shuffle: false })) {
      signal?.throwIfAborted()
      if ('reason' in sample) {
        skip(sample)
      } else {
        waiting.push(sample)
        yield sample.image
      }
    }
  }

  for await (const result of clip.streamImages(images(), signal ? { signal } : {})) {
    const sample = waiting.shift()!
    if ('error' in result) {
      skip({ key: sample.key, reason: result.error.message })
    } else {
      yield { sample, embedding: result.embedding }
      onSample?.(sample)
    }
  }
}

/** Labelled features: what a linear probe learns from. */
export interface LabelledFeatures {
  /** `[n, width]`, row-major, not normalised. */
  features: Float32Array
  width: number
  /** Class folders' names, in order; `labels` are places in it. */
  names: readonly string[]
  labels: Int32Array
  skipped: Skipped[]
}

/**
 * Embeds all images of labelled data. Unreadable images are left out and reported in `skipped`.
 *
 * @throws UsageError for data without classes
 */
export async function labelledFeatures(
  clip: Clip,
  source: Source,
  options: SampleOptions = {},
): Promise<LabelledFeatures> {
  const names = classNames(source)
  const places = new Map(names.map((name, i) => [name, i]))
  const skipped: Skipped[] = []
  const rows: Float32Array[] = []
  const labels: number[] = []
  for await (const { sample, embedding } of embedSamples(clip, source, { ...options, skipped })) {
    rows.push(embedding.slice())
    labels.push(places.get(labelOf(sample, source))!)
  }
  if (rows.length === 0) throw new UsageError(`${source.name}: none of its ${source.size} pictures could be used`)
  const width = clip.config.embedDim
  const features = new Float32Array(rows.length * width)
  for (const [i, row] of rows.entries()) features.set(row, i * width)
  return { features, width, names, labels: Int32Array.from(labels), skipped }
}

/** @throws UsageError where the data has no classes */
export function classNames(source: Source): readonly string[] {
  if (source.labels?.length) return source.labels
  throw new UsageError(
    `${source.name} has no classes; expected class folders, a table with a label column, or shards with .cls members`,
  )
}

/** @throws UsageError where one sample among others has no class */
export function labelOf(sample: Sample, source: Source): string {
  if (sample.label !== undefined) return sample.label
  throw new UsageError(`${sample.key} has no class, as others of ${source.name} have; give it one, or leave it out`)
}
