// Features of a data set from the frozen image encoder, computed once and cached in a folder: for linear probes, CoOp and
// Tip-Adapter (§3.2).

import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { openCheckpoint } from '../checkpoint/open.node.ts'
import { readTensor } from '../checkpoint/read.node.ts'
import { arrayTensor, writeSafetensors } from '../checkpoint/write.node.ts'
import type { Clip } from '../clip/clip.ts'
import { type Matrix, rowOf } from '../clip/matrix.ts'
import type { Source } from '../data/sample.ts'
import { type LabelledFeatures, labelledFeatures, type SampleOptions } from '../evaluate/embed-samples.ts'

/** The parts of a `Clip` that features come from. `name` identifies the features in their file. */
export type FeatureEncoder = Pick<Clip, 'name' | 'config' | 'preprocessing' | 'logitScale' | 'streamImages'>

/**
 * Features of all images of a source, in its order: read from `file` if it was written for the same model and samples; otherwise
 * computed and written to it.
 */
export async function cachedFeatures(
  clip: FeatureEncoder,
  source: Source,
  file: string,
  { exifRotate = false, ...options }: SampleOptions & { exifRotate?: boolean | undefined } = {},
): Promise<LabelledFeatures> {
  const identity = await identityOf(clip, source, exifRotate)
  const cached = await readFeatures(file, identity)
  if (cached) return cached
  const features = await labelledFeatures(clip, source, options)
  await writeFeatures(file, identity, features)
  return features
}

/** Embeddings by sample key. */
export function embeddingsByKey(sets: readonly LabelledFeatures[]): Map<string, Float32Array> {
  const embeddings = new Map<string, Float32Array>()
  for (const { keys, features } of sets) {
    for (const [i, key] of keys.entries()) embeddings.set(key, rowOf(features, i))
  }
  return embeddings
}

/** A hash of the model, the samples and the preprocessing, with files' times to notice replaced images. */
async function identityOf(clip: FeatureEncoder, source: Source, exifRotate: boolean): Promise<string> {
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

async function readFeatures(file: string, identity: string): Promise<LabelledFeatures | undefined> {
  if (!(await stat(file).catch(() => undefined))) return undefined
  const { tensors, metadata } = await openCheckpoint(file)
  const [features, labels] = [tensors.get('features'), tensors.get('labels')]
  if (metadata.identity !== identity || !features || !labels) return undefined
  const { names, keys, skipped } = JSON.parse(metadata.samples ?? '{}')
  return {
    features: { data: (await readTensor(features)) as Float32Array, shape: [...features.shape] as Matrix['shape'] },
    labels: (await readTensor(labels)) as Int32Array,
    names,
    keys,
    skipped,
  }
}

async function writeFeatures(
  file: string,
  identity: string,
  { features, labels, names, keys, skipped }: LabelledFeatures,
): Promise<void> {
  const tensors = new Map([
    ['features', arrayTensor(features.data, features.shape)],
    ['labels', arrayTensor(labels, [labels.length])],
  ])
  const metadata = { identity, samples: JSON.stringify({ names, keys, skipped }) }
  await writeSafetensors(file, tensors, { metadata, overwrite: true })
}
