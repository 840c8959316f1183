// `load`: a name, a path or a hub id to a CLIP, in Node.

import { readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Checkpoint } from './checkpoint/checkpoint.ts'
import type { DownloadProgress } from './checkpoint/download.node.ts'
import { resolveNaming, type Source } from './checkpoint/naming.ts'
import { openCheckpoint } from './checkpoint/open.node.ts'
import { readTensor, readTensorBytes } from './checkpoint/read.node.ts'
import { CheckpointError } from './errors.ts'
import { constant } from './graph/tensor.ts'
import { createImagePool } from './image/pool.node.ts'
import type { Preprocessing } from './image/transform.ts'
import { imageSource } from './image-source.node.ts'
import { type Clip, createClip } from './load.ts'
import type { Activation, ClipConfig } from './model/config.ts'
import { inferConfig, type Shapes } from './model/infer-config.ts'
import { type Lookup, Parameters } from './model/parameters.ts'
import { resizePositions } from './model/resize-positions.ts'
import { activationOf, fromHuggingFace, fromOpenClip } from './model/variants/index.ts'
import { modelFiles } from './model-files.node.ts'
import { openaiPreprocessing, preprocessingFromHuggingFace, preprocessingFromOpenClip } from './preprocessing.ts'
import { deviceNamed } from './runtime/devices.ts'
import { createRuntime } from './runtime/onnxruntime.node.ts'
import { loadTokenizer } from './tokenizer/vocabulary.node.ts'
import { canonicalShapes, checkpointLookup, type Stored } from './weights.ts'

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

/** The folder of the model that ships. */
export const starter = fileURLToPath(new URL('../models/starter', import.meta.url))

/**
 * Loads a CLIP as published. Weights stay in their file; each tower is read when it is first used.
 *
 * @param model an OpenAI name (`ViT-B/32`), a hub id (`openai/clip-vit-base-patch32`, `hf-hub:laion/…`), a folder or a
 *   file; the model that ships, if left out
 * @throws CheckpointError for files that cannot be used, UsageError for a name that is not known
 */
export async function load(model?: string, options: LoadOptions = {}): Promise<Clip> {
  const { towers = ['image', 'text'], signal } = options
  const device = deviceNamed(options.device ?? 'cpu')
  const tokenizer = loadTokenizer()
  tokenizer.catch(() => {})
  const { path, isFolder, tag } = await modelFiles(model ?? starter, { signal, onProgress: options.onProgress })
  signal?.throwIfAborted()
  const checkpoint = await openCheckpoint(path)
  const { naming, sources } = resolveNaming(checkpoint.tensors.keys())
  const shapes = canonicalShapes(checkpoint.tensors, sources)
  const folder = isFolder ? path : dirname(path)

  const notices: string[] = []
  const configured = await readConfig(folder, naming === 'hf')
  const config = configured ?? inferConfig(shapes, 'quickgelu')
  const activation = options.activation ?? (configured ? undefined : activationOf(tag ?? basename(path)))
  if (activation) setActivation(config, activation)
  else if (!configured) {
    notices.push(
      `${path} has no configuration beside it, so its activation was guessed: QuickGELU, as in OpenAI's models. If it was trained with GELU, say so: activation 'gelu' (--activation gelu).`,
    )
  }
  for (const tower of ['image', 'text'] as const) {
    if (!towers.includes(tower) || !hasTower(shapes, tower)) config[tower] = undefined
    if (towers.includes(tower) && options.towers && !config[tower]) {
      throw new CheckpointError(`${path} has no ${tower} tower`)
    }
  }
  if (options.imageSize !== undefined && config.image) config.image.imageSize = options.imageSize

  const stored = await inPlace(checkpoint, sources)
  const lookup = await withResizedPositions(checkpointLookup(stored, sources), config, checkpoint, sources)
  const imageSize = config.image?.imageSize ?? 224
  const preprocessing = {
    ...(await readPreprocessing(folder, imageSize)),
    ...options.preprocessing,
    ...(options.imageSize === undefined ? {} : { size: imageSize, resize: imageSize }),
  }
  if (config.image && preprocessing.size !== imageSize) {
    throw new CheckpointError(
      `${folder}: the model takes pictures of ${imageSize}×${imageSize} and its preprocessing makes ${preprocessing.size}×${preprocessing.size}`,
    )
  }
  if (model === undefined) notices.push(starterNotice)

  const pool = createImagePool({
    preprocessing,
    ...(options.maxPixels === undefined ? {} : { maxPixels: options.maxPixels }),
    ...(options.exifRotate === undefined ? {} : { exifRotate: options.exifRotate }),
  })
  return createClip({
    name: model ?? 'starter',
    config,
    preprocessing,
    tokenizer: await tokenizer,
    logitScale: Math.exp(await readScalar(checkpoint, sources, 'logit_scale')),
    notices,
    parameters: new Parameters(lookup),
    runtime: createRuntime({ device, ...(options.threads === undefined ? {} : { threads: options.threads }) }),
    images: {
      preprocess: async (image, abort) => pool.preprocess(await imageSource(image, abort)),
      close: () => pool.close(),
    },
  })
}

const starterNotice =
  'No model was named, so the small one that ships is used: it knows clothes, groceries, emoji and simple drawings, and little else. For a full CLIP, name one: a hub id (openai/clip-vit-base-patch32), an OpenAI name (ViT-B/32), a folder or a file.'

const hasTower = (shapes: Shapes, tower: 'image' | 'text'): boolean =>
  shapes.has(tower === 'image' ? 'visual.conv1.weight' : 'token_embedding.weight')

function setActivation(config: ClipConfig, activation: Activation): void {
  for (const tower of [config.image, config.text]) if (tower && 'activation' in tower) tower.activation = activation
}

async function readJson(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw new CheckpointError(`${file} cannot be read: ${error.message}`)
  })
  if (text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new CheckpointError(`${file} is not JSON: ${(error as Error).message}`)
  }
}

/** The configuration of the project whose naming the weights have; the other's, where only that one is there. */
async function readConfig(folder: string, huggingFaceNames: boolean): Promise<ClipConfig | undefined> {
  const openClip = join(folder, 'open_clip_config.json')
  const huggingFace = join(folder, 'config.json')
  const readers = [
    async () => {
      const json = (await readJson(openClip)) as { model_cfg?: unknown } | undefined
      return json && fromOpenClip(json.model_cfg ?? json, openClip)
    },
    async () => {
      const json = await readJson(huggingFace)
      return json === undefined ? undefined : fromHuggingFace(json, huggingFace)
    },
  ]
  if (huggingFaceNames) readers.reverse()
  for (const read of readers) {
    const config = await read()
    if (config) return config
  }
  return undefined
}

async function readPreprocessing(folder: string, size: number): Promise<Preprocessing> {
  const huggingFace = join(folder, 'preprocessor_config.json')
  const openClip = join(folder, 'open_clip_config.json')
  const hf = await readJson(huggingFace)
  if (hf !== undefined) return preprocessingFromHuggingFace(hf, size, huggingFace)
  const json = (await readJson(openClip)) as { preprocess_cfg?: unknown } | undefined
  return json ? preprocessingFromOpenClip(json.preprocess_cfg, size, openClip) : openaiPreprocessing(size)
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

/** A parameter of one number; a tower alone has no logit scale, and 0 stands for it. */
async function readScalar(
  { tensors }: Checkpoint,
  sources: ReadonlyMap<string, Source>,
  name: string,
): Promise<number> {
  const tensor = tensors.get(sources.get(name)?.names[0] ?? '')
  return tensor ? Number((await readTensor(tensor))[0]) : 0
}
