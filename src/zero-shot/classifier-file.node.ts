// A classifier as a file in a model's folder: `classifier.safetensors`, weights `[classes, embedDim]` and a bias, with the
// names as JSON in its metadata. A folder that has one answers with it.

import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { openCheckpoint } from '../checkpoint/open.node.ts'
import { readTensor } from '../checkpoint/read.node.ts'
import { type TensorToWrite, writeSafetensors } from '../checkpoint/write.node.ts'
import { CheckpointError } from '../errors.ts'
import type { Classifier } from './classifier.ts'

const fileName = 'classifier.safetensors'

/**
 * @param folder a model's folder, as `load` takes it; anything else has no classifier
 * @returns undefined where the folder has none
 * @throws CheckpointError for a file that is not a classifier
 */
export async function readClassifier(folder: string): Promise<Classifier | undefined> {
  const file = join(folder, fileName)
  if (!(await stat(file).catch(() => undefined))) return undefined
  const { tensors, metadata } = await openCheckpoint(file)
  const refuse = (why: string) => new CheckpointError(`${file}: ${why}; fine-tune again to write it anew`)
  const [weights, bias] = [tensors.get('weights'), tensors.get('bias')]
  const names = parsedNames(metadata.names)
  if (!names) throw refuse('"names" in its metadata should be a JSON list of texts')
  const [classes, width] = weights?.shape ?? []
  if (weights?.shape.length !== 2 || classes !== names.length || !width) {
    throw refuse(`"weights" is ${weights ? `[${weights.shape}]` : 'missing'}; expected [${names.length}, embedDim]`)
  }
  if (bias && `${bias.shape}` !== `${classes}`) throw refuse(`"bias" is [${bias.shape}]; expected [${classes}]`)
  return {
    names,
    weights: (await readTensor(weights)) as Float32Array,
    ...(bias && { bias: (await readTensor(bias)) as Float32Array }),
    ...(metadata.normalize === 'false' && { normalize: false }),
  }
}

/** Writes it over one that is there. */
export async function writeClassifier(
  folder: string,
  { names, weights, bias = new Float32Array(names.length), normalize = true }: Classifier,
): Promise<void> {
  const tensor = (values: Float32Array, shape: number[]): TensorToWrite => ({
    dtype: 'float32',
    shape,
    bytes: async () => new Uint8Array(Float32Array.from(values).buffer),
  })
  await writeSafetensors(
    join(folder, fileName),
    new Map([
      ['weights', tensor(weights, [names.length, weights.length / names.length])],
      ['bias', tensor(bias, [names.length])],
    ]),
    {
      metadata: { format: 'typeclip classifier', names: JSON.stringify(names), normalize: `${normalize}` },
      overwrite: true,
    },
  )
}

function parsedNames(json: string | undefined): string[] | undefined {
  try {
    const names: unknown = JSON.parse(json ?? '')
    return Array.isArray(names) && names.every((name) => typeof name === 'string') ? names : undefined
  } catch {
    return undefined
  }
}
