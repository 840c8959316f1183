// The image embeddings of a data set, with their samples, in order. Broken samples are skipped and reported.

import type { Clip } from '../clip/clip.ts'
import { counted } from '../data/counted.ts'
import { inOneLine, type Sample, type Skipped, type Source } from '../data/sample.ts'
import { UsageError } from '../errors.ts'

/** Options of every evaluation. */
export interface SampleOptions {
  signal?: AbortSignal | undefined
  /** Called for each sample that is done or skipped. */
  onSample?: ((sample: { key: string } | Skipped) => void) | undefined
}

export interface EmbeddedSample {
  sample: Sample
  /** Not normalised. */
  embedding: Float32Array
}

/** Images are decoded ahead while the model runs; at most a few dozen files are in memory. */
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

/** Features with labels, for a linear probe. */
export interface LabelledFeatures {
  /** `[n, width]`, row-major, not normalised. */
  features: Float32Array
  width: number
  /** Names of the class folders; `labels` are indices into them. */
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
  const indices = new Map(names.map((name, i) => [name, i]))
  const skipped: Skipped[] = []
  const rows: Float32Array[] = []
  const labels: number[] = []
  for await (const { sample, embedding } of embedSamples(clip, source, { ...options, skipped })) {
    rows.push(embedding.slice())
    labels.push(indices.get(labelOf(sample, source))!)
  }
  if (rows.length === 0) throw noneUsable(source, skipped)
  const width = clip.config.embedDim
  const features = new Float32Array(rows.length * width)
  for (const [i, row] of rows.entries()) features.set(row, i * width)
  return { features, width, names, labels: Int32Array.from(labels), skipped }
}

/** What to say where nothing of a data set is left. */
export function noneUsable({ name, size }: Source, skipped: readonly Skipped[]): UsageError {
  const [first] = skipped
  const why = first ? `; the first: ${inOneLine(first)}` : ''
  return new UsageError(`${name}: none of its ${counted(size, 'image')} could be used${why}`)
}

/** @throws UsageError where the data has fewer than two classes */
export function severalClasses(source: Source): readonly string[] {
  const names = classNames(source)
  if (names.length > 1) return names
  throw oneClass(source.name, names[0]!)
}

export const oneClass = (where: string, name: string): UsageError =>
  new UsageError(`${where} has one class alone, ${name}; a classifier needs two at least, each in a folder of its own`)

/**
 * @param labels places in `names`, of the images that can be used
 * @throws UsageError for classes that none of them has
 */
export function refuseEmptyClasses(
  { name: where }: Source,
  names: readonly string[],
  labels: Iterable<number>,
  skipped: readonly Skipped[],
): void {
  const used = new Set(labels)
  const empty = names.filter((_, i) => !used.has(i))
  if (empty.length === 0) return
  const [first] = skipped
  const why = first ? `; of ${counted(skipped.length, 'skipped image')} the first: ${inOneLine(first)}` : ''
  const list = `${empty.slice(0, 5).join(', ')}${empty.length > 5 ? ` and ${empty.length - 5} more` : ''}`
  throw new UsageError(
    `${where}: no image can be read of ${empty.length === 1 ? 'the class' : 'the classes'} ${list}${why}. Add images, or take the class away`,
  )
}

/** @throws UsageError where the data has no classes */
export function classNames(source: Source): readonly string[] {
  if (source.labels?.length) return source.labels
  throw new UsageError(
    `${source.name} has no classes; expected class folders, a table with a label column, or shards with .cls members`,
  )
}

/** @throws UsageError if the sample has no class */
export function labelOf(sample: Sample, source: Source): string {
  if (sample.label !== undefined) return sample.label
  throw new UsageError(`${sample.key} has no class, as others of ${source.name} have; give it one, or leave it out`)
}
