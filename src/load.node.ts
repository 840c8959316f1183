// `load`: a name, a path or a hub id to a CLIP, in Node.

import type { Checkpoint } from './checkpoint/checkpoint.ts'
import type { DownloadProgress } from './checkpoint/download.node.ts'
import type { Source } from './checkpoint/naming.ts'
import { readTensor, readTensorBytes } from './checkpoint/read.node.ts'
import { CheckpointError } from './errors.ts'
import { constant } from './graph/tensor.ts'
import type { Preprocessing } from './image/transform.ts'
import { type Clip, createClip } from './load.ts'
import type { Activation, ClipConfig } from './model/config.ts'
import { type Lookup, Parameters } from './model/parameters.ts'
import { resizePositions } from './model/resize-positions.ts'
import { openModel } from './open-model.node.ts'
import { createPreprocessor } from './preprocessor.node.ts'
import { deviceNamed } from './runtime/devices.ts'
import { checkNodeVersion } from './runtime/node-version.node.ts'
import { createRuntime } from './runtime/onnxruntime.node.ts'
import { loadTokenizer } from './tokenizer/vocabulary.node.ts'
import { checkpointLookup, type Stored } from './weights.ts'

export interface LoadOptions {
  /** Overrides what the checkpoint says or what was guessed. */
  activation?: Activation
  /** Only these are needed; the other may be missing, and its weights are not read. Both, if left out. */
  towers?: readonly ('image' | 'text')[]
  /** `cpu` (default), `webgpu`, `cuda`, `coreml`, `dml`. */
  device?: string
  threads?: number
  /** Another size than the checkpoint's: its position embeddings are resized. */
  imageSize?: number
  /** Overrides for how pictures are prepared. */
  preprocessing?: Partial<Pick<Preprocessing, 'order' | 'mode' | 'interpolation'>>
  /** Pictures of more pixels are refused. */
  maxPixels?: number
  /** Turns photos upright by their EXIF entry; the reference does not. */
  exifRotate?: boolean
  signal?: AbortSignal
  onProgress?: (progress: DownloadProgress) => void
}

/**
 * Loads a CLIP as published. Weights stay in their file; each tower is read when it is first used.
 *
 * @param model an OpenAI name (`ViT-B/32`), a hub id (`openai/clip-vit-base-patch32`, `hf-hub:laion/…`), a folder or a
 *   file; the model that ships, if left out
 * @throws CheckpointError for files that cannot be used, UsageError for a name that is not known
 */
export async function load(model?: string, options: LoadOptions = {}): Promise<Clip> {
  checkNodeVersion()
  const { towers = ['image', 'text'], signal } = options
  const device = deviceNamed(options.device ?? 'cpu')
  const tokenizer = loadTokenizer()
  tokenizer.catch(() => {})
  const opened = await openModel(model, { activation: options.activation, signal, onProgress: options.onProgress })
  signal?.throwIfAborted()
  const { checkpoint, sources, config, notices } = opened
  for (const tower of ['image', 'text'] as const) {
    if (options.towers?.includes(tower) && !config[tower]) {
      throw new CheckpointError(`${opened.path} has no ${tower} tower`)
    }
    if (!towers.includes(tower)) config[tower] = undefined
  }
  if (options.imageSize !== undefined && config.image) config.image.imageSize = options.imageSize

  const stored = await inPlace(checkpoint, sources)
  const lookup = await withResizedPositions(checkpointLookup(stored, sources), config, checkpoint, sources)
  const imageSize = config.image?.imageSize ?? 224
  const preprocessing = {
    ...opened.preprocessing,
    ...options.preprocessing,
    ...(options.imageSize === undefined ? {} : { size: imageSize, resize: imageSize }),
  }
  if (config.image && preprocessing.size !== imageSize) {
    throw new CheckpointError(
      `${opened.path}: the model takes pictures of ${imageSize}×${imageSize} and its preprocessing makes ${preprocessing.size}×${preprocessing.size}`,
    )
  }

  return createClip({
    name: model ?? 'starter',
    config,
    preprocessing,
    tokenizer: await tokenizer,
    logitScale: Math.exp(await readScalar(checkpoint, sources, 'logit_scale')),
    logitBias: await readScalar(checkpoint, sources, 'logit_bias'),
    objective: opened.objective,
    notices,
    parameters: new Parameters(lookup),
    runtime: createRuntime({ device, ...(options.threads === undefined ? {} : { threads: options.threads }) }),
    images: createPreprocessor({ preprocessing, maxPixels: options.maxPixels, exifRotate: options.exifRotate }),
  })
}

/** Tensors as they lie; one whose elements do not lie in order is read into memory. */
async function inPlace({ tensors }: Checkpoint, sources: ReadonlyMap<string, Source>): Promise<Map<string, Stored>> {
  const stored = new Map<string, Stored>(tensors)
  for (const name of [...sources.values()].flatMap((source) => source.names)) {
    const tensor = tensors.get(name)!
    if (tensor.strides) {
      stored.set(name, { dtype: tensor.dtype, shape: tensor.shape, bytes: await readTensorBytes(tensor) })
    }
  }
  return stored
}

async function withResizedPositions(
  lookup: Lookup,
  { image }: ClipConfig,
  { tensors }: Checkpoint,
  sources: ReadonlyMap<string, Source>,
): Promise<Lookup> {
  if (image?.kind !== 'vision-transformer') return lookup
  const name = 'visual.positional_embedding'
  const positions = tensors.get(sources.get(name)?.names[0] ?? '')
  const grid = Math.floor(image.imageSize / image.patchSize)
  if (!positions || positions.shape[0] === grid * grid + 1 || positions.shape[1] !== image.width) return lookup
  const resized = resizePositions((await readTensor(positions)) as Float32Array, image.width, grid)
  const tensor = constant(resized, [grid * grid + 1, image.width])
  return (asked) => (asked === name ? tensor : lookup(asked))
}

/** A parameter of one number; 0 stands for one that is not there, as a tower alone has no logit scale. */
async function readScalar(
  { tensors }: Checkpoint,
  sources: ReadonlyMap<string, Source>,
  name: string,
): Promise<number> {
  const tensor = tensors.get(sources.get(name)?.names[0] ?? '')
  return tensor ? Number((await readTensor(tensor))[0]) : 0
}
