// A classifier as a file in a model's folder: `classifier.safetensors`, with weights `[classes, embedDim]`, a bias, the names
// as JSON in its metadata, and Tip-Adapter's cache. A model folder that has one classifies with it.

import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Checkpoint } from '../checkpoint/checkpoint.ts'
import { openCheckpoint } from '../checkpoint/open.node.ts'
import { readTensor } from '../checkpoint/read.node.ts'
import { arrayTensor, writeSafetensors } from '../checkpoint/write.node.ts'
import { CheckpointError } from '../errors.ts'
import type { Classifier } from './classifier.ts'
import type { KeyValueCache } from './key-value-cache.ts'

const fileName = 'classifier.safetensors'

/**
 * @param folder a model folder, as for `load`
 * @returns undefined if it has no classifier, or is not a folder
 * @throws CheckpointError for a file that is not a classifier
 */
export async function readClassifier(folder: string): Promise<Classifier | undefined> {
  const file = join(folder, fileName)
  if (!(await stat(file).catch(() => undefined))) return undefined
  const { tensors, metadata } = await openCheckpoint(file)
  const refuse = (why: string) => new CheckpointError(`${file}: ${why}; fine-tune again to rewrite it`)
  const [weights, bias] = [tensors.get('weights'), tensors.get('bias')]
  const names = parsedNames(metadata.names)
  if (!names) throw refuse('"names" in its metadata should be a JSON list of texts')
  const [classes, width] = weights?.shape ?? []
  if (weights?.shape.length !== 2 || classes !== names.length || !width) {
    throw refuse(`"weights" is ${weights ? `[${weights.shape}]` : 'missing'}; expected [${names.length}, embedDim]`)
  }
  if (bias && `${bias.shape}` !== `${classes}`) throw refuse(`"bias" is [${bias.shape}]; expected [${classes}]`)
  const cache = await readCache(tensors, metadata, { classes: names.length, width, refuse })
  return {
    names,
    weights: (await readTensor(weights)) as Float32Array,
    bias: bias && ((await readTensor(bias)) as Float32Array),
    normalize: metadata.normalize === 'false' ? false : undefined,
    cache,
  }
}

async function readCache(
  tensors: Checkpoint['tensors'],
  { alpha, beta }: Readonly<Record<string, string>>,
  { classes, width, refuse }: { classes: number; width: number; refuse: (why: string) => CheckpointError },
): Promise<KeyValueCache | undefined> {
  const [keys, values] = [tensors.get('cache.keys'), tensors.get('cache.values')]
  if (!keys && !values) return undefined
  if (!keys || !values || `${keys.shape}` !== `${[values.shape[0], width]}` || values.dtype !== 'int32') {
    const description = [keys, values]
      .map((tensor) => (tensor ? `${tensor.dtype} [${tensor.shape}]` : 'missing'))
      .join(' and ')
    throw refuse(`"cache.keys" and "cache.values" are ${description}; expected float32 [n, ${width}] and int32 [n]`)
  }
  const cache = {
    keys: (await readTensor(keys)) as Float32Array,
    values: (await readTensor(values)) as Int32Array,
    alpha: Number(alpha),
    beta: Number(beta),
  }
  if (!Number.isFinite(cache.alpha + cache.beta)) throw refuse('its cache has no numbers "alpha" and "beta"')
  const wrong = cache.values.find((label) => label < 0 || label >= classes)
  if (wrong !== undefined) throw refuse(`"cache.values" has class ${wrong} of ${classes}`)
  return cache
}

/** Overwrites an existing classifier. */
export async function writeClassifier(
  folder: string,
  { names, weights, bias = new Float32Array(names.length), normalize = true, cache }: Classifier,
): Promise<void> {
  const width = weights.length / names.length
  const tensors = new Map([
    ['weights', arrayTensor(weights, [names.length, width])],
    ['bias', arrayTensor(bias, [names.length])],
  ])
  const metadata: Record<string, string> = {
    format: 'typeclip classifier',
    names: JSON.stringify(names),
    normalize: `${normalize}`,
  }
  if (cache) {
    tensors.set('cache.keys', arrayTensor(cache.keys, [cache.values.length, width]))
    tensors.set('cache.values', arrayTensor(cache.values, [cache.values.length]))
    Object.assign(metadata, { alpha: `${cache.alpha}`, beta: `${cache.beta}` })
  }
  await writeSafetensors(join(folder, fileName), tensors, { metadata, overwrite: true })
}

function parsedNames(json: string | undefined): string[] | undefined {
  try {
    const names: unknown = JSON.parse(json ?? '')
    return Array.isArray(names) && names.every((name) => typeof name === 'string') ? names : undefined
  } catch {
    return undefined
  }
}
