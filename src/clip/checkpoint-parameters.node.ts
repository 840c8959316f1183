// The parameters of a CLIP from its checkpoint: weights that stay in their file, position embeddings in the size of the images, and
// the scale and bias of the logits.

import type { Checkpoint } from '../checkpoint/checkpoint.ts'
import { readTensor, readTensorBytes } from '../checkpoint/read.node.ts'
import { CheckpointError } from '../errors.ts'
import type { Source } from '../formats/tensor-names.ts'
import { constant } from '../graph/tensor.ts'
import { type Lookup, Parameters } from '../model/parameters.ts'
import { resizePositions } from '../model/resize-positions.ts'
import type { OpenedModel } from '../pretrained/open.node.ts'
import { checkpointLookup, type Stored } from '../pretrained/weights.ts'
import type { Parts } from './clip.ts'

type Opened = Pick<OpenedModel, 'path' | 'checkpoint' | 'sources' | 'config'>

/** @throws CheckpointError if the logit scale or bias is no finite number */
export async function checkpointParameters(
  opened: Opened,
): Promise<Pick<Parts, 'parameters' | 'logitScale' | 'logitBias'>> {
  const { path, checkpoint, sources } = opened
  const lookup = checkpointLookup(await inPlace(checkpoint, sources), sources)
  const parameters = new Parameters(await withResizedPositions(lookup, opened))
  const logitScale = finite(Math.exp(await readScalar(opened, 'logit_scale')), 'logit_scale', path)
  const logitBias = finite(await readScalar(opened, 'logit_bias'), 'logit_bias', path)
  return { parameters, logitScale, logitBias }
}

/** A scale or a bias, as float32 holds it. */
function finite(value: number, parameter: string, path: string): number {
  if (Number.isFinite(Math.fround(value))) return value
  throw new CheckpointError(
    `${path}: parameter ${parameter} makes the logits ${value}, which is no number to compute with; its weights are broken, or its training went wrong`,
  )
}

/** Tensors in their file; one whose elements are not stored in order is read into memory. */
async function inPlace({ tensors }: Checkpoint, sources: ReadonlyMap<string, Source>): Promise<Map<string, Stored>> {
  const stored = new Map<string, Stored>(tensors)
  for (const name of [...sources.values()].flatMap((source) => source.names)) {
    const { dtype, shape, strides } = tensors.get(name)!
    if (strides) stored.set(name, { dtype, shape, bytes: await readTensorBytes(tensors.get(name)!) })
  }
  return stored
}

async function withResizedPositions(lookup: Lookup, opened: Opened): Promise<Lookup> {
  const { image } = opened.config
  if (image?.kind !== 'vision-transformer') return lookup
  const name = 'visual.positional_embedding'
  const positions = storedTensor(opened, name)
  const grid = Math.floor(image.imageSize / image.patchSize)
  if (!positions || positions.shape[0] === grid * grid + 1 || positions.shape[1] !== image.width) return lookup
  const resized = resizePositions((await readTensor(positions)) as Float32Array, image.width, grid)
  const tensor = constant(resized, [grid * grid + 1, image.width])
  return (other) => (other === name ? tensor : lookup(other))
}

/** A parameter of one number; 0 if the checkpoint does not have it: a single encoder has no logit scale. */
async function readScalar(opened: Opened, name: string): Promise<number> {
  const tensor = storedTensor(opened, name)
  return tensor ? Number((await readTensor(tensor))[0]) : 0
}

const storedTensor = ({ checkpoint, sources }: Opened, name: string) =>
  checkpoint.tensors.get(sources.get(name)?.names[0] ?? '')
