// Features of a data set from the frozen image encoder, computed once and cached in a folder: for linear probes, CoOp and
// Tip-Adapter (§3.2).

import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { openCheckpoint } from '../checkpoint/open.node.ts'
import { readTensor } from '../checkpoint/read.node.ts'
import { writeSafetensors } from '../checkpoint/write.node.ts'
import type { Clip } from '../clip/clip.ts'
import type { Source } from '../data/sample.ts'
import {
  classNames,
  embedSamples,
  type LabelledFeatures,
  labelOf,
  noneUsable,
  type SampleOptions,
} from '../evaluate/embed-samples.ts'

/** Embeddings of labelled images, kept in a file. */
export interface CachedFeatures extends LabelledFeatures {
  /** The sample of each row. */
  keys: readonly string[]
}

/**
 * Features of all images of a source, in its order: from `file` if it was written for the same model and samples, else
 * computed and written to it.
 */
export async function cachedFeatures(
  clip: Clip,
  source: Source,
  file: string,
  { exifRotate = false, ...options }: SampleOptions & { exifRotate?: boolean | undefined } = {},
): Promise<CachedFeatures> {
  const identity = await identityOf(clip, source, exifRotate)
  const cached = await readFeatures(file, identity)
  if (cached) return cached
  const names = classNames(source)
  const features: CachedFeatures = {
    ...(await computed(clip, source, names, options)),
    names,
    width: clip.config.embedDim,
  }
  await writeFeatures(file, identity, features)
  return features
}

/** Embeddings by sample key. */
export function embeddingsByKey(sets: readonly CachedFeatures[]): Map<string, Float32Array> {
  const embeddings = new Map<string, Float32Array>()
  for (const { keys, features, width } of sets) {
    for (const [i, key] of keys.entries()) embeddings.set(key, features.subarray(i * width, (i + 1) * width))
  }
  return embeddings
}

async function computed(clip: Clip, source: Source, names: readonly string[], options: SampleOptions) {
  const skipped: LabelledFeatures['skipped'] = []
  const rows: Float32Array[] = []
  const labels: number[] = []
  const keys: string[] = []
  for await (const { sample, embedding } of embedSamples(clip, source, { ...options, skipped })) {
    rows.push(embedding.slice())
    labels.push(names.indexOf(labelOf(sample, source)))
    keys.push(sample.key)
  }
  if (rows.length === 0) throw noneUsable(source, skipped)
  const width = clip.config.embedDim
  const features = new Float32Array(rows.length * width)
  for (const [i, row] of rows.entries()) features.set(row, i * width)
  return { features, labels: Int32Array.from(labels), keys, skipped }
}

/** A hash of the model, the samples and the preprocessing, with files' times to notice replaced images. */
async function identityOf(clip: Clip, source: Source, exifRotate: boolean): Promise<string> {
  const { name, config, preprocessing, logitScale } = clip
  const about = [name, config, preprocessing, logitScale, source.labels, ...(exifRotate ? ['upright'] : [])]
  const hash = createHash('sha256').update(JSON.stringify(about))
  for await (const sample of source.samples({ seed: 0, epoch: 0, shuffle: false })) {
    const path = 'image' in sample && typeof sample.image === 'string' ? sample.image : undefined
    const found = path === undefined ? undefined : await stat(path).catch(() => undefined)
    const label = 'label' in sample ? (sample.label ?? '') : ''
    hash.update(`\0${sample.key}\0${label}\0${found?.mtimeMs}\0${found?.size}`)
  }
  return hash.digest('hex')
}

async function readFeatures(file: string, identity: string): Promise<CachedFeatures | undefined> {
  if (!(await stat(file).catch(() => undefined))) return undefined
  const { tensors, metadata } = await openCheckpoint(file)
  const [features, labels] = [tensors.get('features'), tensors.get('labels')]
  if (metadata.identity !== identity || !features || !labels) return undefined
  const { names, keys, skipped } = JSON.parse(metadata.samples ?? '{}')
  return {
    features: (await readTensor(features)) as Float32Array,
    width: features.shape[1]!,
    labels: (await readTensor(labels)) as Int32Array,
    names,
    keys,
    skipped,
  }
}

async function writeFeatures(
  file: string,
  identity: string,
  { features, width, labels, names, keys, skipped }: CachedFeatures,
): Promise<void> {
  const bytes = (array: Float32Array | Int32Array) => async () => new Uint8Array(array.slice().buffer)
  const tensors = new Map([
    ['features', { dtype: 'float32' as const, shape: [labels.length, width], bytes: bytes(features) }],
    ['labels', { dtype: 'int32' as const, shape: [labels.length], bytes: bytes(labels) }],
  ])
  const metadata = { identity, samples: JSON.stringify({ names, keys, skipped }) }
  await writeSafetensors(file, tensors, { metadata, overwrite: true })
}
