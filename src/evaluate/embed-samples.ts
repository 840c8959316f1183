// The images of a data set through a model, with their samples, in order. Broken samples are skipped and reported.

import type { Clip, ImageError, ImageInput } from '../clip/clip.ts'
import { gatherRows, type Matrix, stackRows } from '../clip/matrix.ts'
import type { Sample, Skipped, Source } from '../data/sample.ts'
import { classNames, labelOf, noneUsable } from './labelled-data.ts'

/** Options of every evaluation. */
export interface SampleOptions {
  signal?: AbortSignal | undefined
  /** Called for each sample that is done or skipped. */
  onSample?: ((sample: { key: string } | Skipped) => void) | undefined
}

/** Images in, a result or an error for each out: `streamImages` of a Clip, `scores` of a Scorer. */
type Stream<Result> = (
  images: AsyncIterable<ImageInput>,
  options: { signal?: AbortSignal | undefined },
) => AsyncIterable<Result | ImageError>

/** Images are decoded ahead while the model runs; at most a few dozen files are in memory. */
export async function* streamSamples<Result extends { index: number }>(
  stream: Stream<Result>,
  source: Source,
  { signal, onSample, skipped }: SampleOptions & { skipped: Skipped[] },
): AsyncGenerator<Result & { sample: Sample }> {
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

  for await (const result of stream(images(), { signal })) {
    const sample = waiting.shift()!
    if ('error' in result) {
      skip({ key: sample.key, reason: result.error.message })
    } else {
      yield { ...result, sample }
      onSample?.(sample)
    }
  }
}

/** The image embeddings of a labelled data set. */
export interface LabelledFeatures {
  /** `[n, embedDim]`, not normalised. */
  features: Matrix
  /** Names of the class folders; `labels` are indices into them. */
  names: readonly string[]
  labels: Int32Array
  /** The sample of each row. */
  keys: readonly string[]
  skipped: Skipped[]
}

/**
 * Embeds all images of labelled data. Unreadable images are skipped and reported in `skipped`.
 *
 * @throws UsageError for data without classes, or if no image can be read
 */
export async function labelledFeatures(
  clip: Pick<Clip, 'config' | 'streamImages'>,
  source: Source,
  options: SampleOptions = {},
): Promise<LabelledFeatures> {
  const names = classNames(source)
  const indices = new Map(names.map((name, i) => [name, i]))
  const skipped: Skipped[] = []
  const rows: Float32Array[] = []
  const labels: number[] = []
  const keys: string[] = []
  for await (const { sample, embedding } of streamSamples(clip.streamImages, source, { ...options, skipped })) {
    rows.push(embedding.slice())
    labels.push(indices.get(labelOf(sample, source))!)
    keys.push(sample.key)
  }
  if (rows.length === 0) throw noneUsable(source, skipped)
  return { features: stackRows(rows, clip.config.embedDim), names, labels: Int32Array.from(labels), keys, skipped }
}

/** A selection of images. */
export const samplesAt = <Set extends Pick<LabelledFeatures, 'features' | 'labels'>>(
  set: Set,
  rows: Uint32Array,
): Set => ({
  ...set,
  features: gatherRows(set.features, rows),
  labels: Int32Array.from(rows, (row) => set.labels[row]!),
})
