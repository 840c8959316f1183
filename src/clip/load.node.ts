// `load`, in Node: from a name, a path or a hub id to a CLIP.

import type { Checkpoint } from '../checkpoint/checkpoint.ts'
import { readTensor, readTensorBytes } from '../checkpoint/read.node.ts'
import type { DownloadProgress } from '../download/hub.node.ts'
import { CheckpointError, UsageError } from '../errors.ts'
import type { Source } from '../formats/tensor-names.ts'
import { constant } from '../graph/tensor.ts'
import type { Preprocessing } from '../image/transform.ts'
import type { Activation, ClipConfig } from '../model/config.ts'
import { type Lookup, Parameters } from '../model/parameters.ts'
import { resizePositions } from '../model/resize-positions.ts'
import { type OpenedModel, openModel } from '../pretrained/open.node.ts'
import { type RandomModel, randomModel } from '../pretrained/random-weights.node.ts'
import { checkpointLookup, type Stored } from '../pretrained/weights.ts'
import { type Device, deviceNamed } from '../runtime/devices.ts'
import { checkNodeVersion } from '../runtime/node-version.node.ts'
import { createRuntime } from '../runtime/onnxruntime.node.ts'
import { loadTokenizer } from '../tokenizer/vocabulary.node.ts'
import { brokenParameter } from './broken-parameter.node.ts'
import { type Clip, createClip, type UseNotice } from './clip.ts'
import { foundInstead } from './input-name.ts'
import { anything, checkOptions, count, countOrNone, listOf, oneOf, positive, trueOrFalse } from './options.ts'
import { orientationNotice } from './orientation-notice.ts'
import { createPreprocessor } from './preprocessor.node.ts'

/** Options of `load`. */
export interface LoadOptions {
  /** Overrides what the checkpoint says or what was guessed. */
  activation?: Activation | undefined
  /** The encoders that are needed. The other may be missing, and its weights are not read. Default: both. */
  towers?: readonly ('image' | 'text')[] | undefined
  /** `cpu`, `webgpu`, `cuda`, `coreml` or `dml`. Default: `cpu`. */
  device?: Device | undefined
  /** Threads to compute with. Default: one for each core. */
  threads?: number | undefined
  /** Another size than the checkpoint's: its position embeddings are resized. */
  imageSize?: number | undefined
  /** Overrides of how images are prepared. */
  preprocessing?: Partial<Pick<Preprocessing, 'order' | 'mode' | 'interpolation'>> | undefined
  /** Images of more pixels are refused. Default: 178,956,970. */
  maxPixels?: number | undefined
  /** Images at addresses of more bytes are refused. Default: 268,435,456. */
  maxBytes?: number | undefined
  /** Turns images upright by their EXIF orientation, which the reference does not. Default: false. */
  exifRotate?: boolean | undefined
  /** Loads a config alone (`*.json`) too, with random weights from this seed: to inspect how a model is built. */
  randomWeights?: number | undefined
  signal?: AbortSignal | undefined
  /** Called while files are downloaded. */
  onProgress?: ((progress: DownloadProgress) => void) | undefined
  /** Called while the model is used, for what a user should know: an image that was not turned upright, a text in a script
   * that the model does not know. */
  onNotice?: ((notice: UseNotice) => void) | undefined
  /** Called with a sentence when the network keeps the caller waiting: for what, and what will be tried next. */
  onWait?: ((message: string) => void) | undefined
}

const rules = {
  activation: oneOf('quickgelu', 'gelu'),
  towers: listOf(oneOf('image', 'text')),
  device: anything, // `deviceNamed` checks it
  threads: count,
  imageSize: count,
  preprocessing: anything,
  maxPixels: positive,
  maxBytes: positive,
  exifRotate: trueOrFalse,
  randomWeights: countOrNone,
  signal: anything,
  onProgress: anything,
  onNotice: anything,
  onWait: anything,
}

const preprocessingRules = {
  order: oneOf('openai', 'hf'),
  mode: oneOf('shortest', 'longest', 'squash'),
  interpolation: oneOf('bicubic', 'bilinear'),
}

/**
 * Loads a CLIP as published. Weights stay in their file; each encoder is read when it is first used.
 *
 * @param model an OpenAI name (`ViT-B/32`), a hub id (`openai/clip-vit-base-patch32`, `hf-hub:laion/…`), a folder or a
 *   file. Default: the model that ships.
 * @throws CheckpointError for files that cannot be used, UsageError for a name or an option that is not known
 *
 * @example
 * ```ts
 * import { load } from 'typeclip'
 *
 * const clip = await load('openai/clip-vit-base-patch32')
 * const { data, shape } = await clip.encodeImage(['cat.jpg', 'dog.jpg']) // Float32Array, [2, 512]
 * const texts = await clip.encodeText(['a cat', 'a dog'], { normalize: true })
 * await clip.dispose()
 * ```
 */
export async function load(model?: string, options: LoadOptions = {}): Promise<Clip> {
  checkNodeVersion()
  if (model !== undefined && (typeof model !== 'string' || model === '')) {
    const found = model === '' ? "''" : foundInstead(model)
    throw new UsageError(`load: expected a model's name, a hub id, a folder or a file; found ${found}`)
  }
  checkLoading(options)
  const { signal } = options
  const device = deviceNamed(options.device ?? 'cpu')
  const random =
    options.randomWeights === undefined || model === undefined
      ? undefined
      : await randomModel(model, options.randomWeights)
  if (random) return loadRandom(model!, random, device, options)
  const { activation, onProgress, onWait } = options
  const opened = await openModel(model, { activation, signal, onProgress, onWait })
  signal?.throwIfAborted()
  return clipOf(opened, model ?? 'starter', options)
}

function checkLoading(options: LoadOptions): void {
  checkOptions(options, rules, 'load')
  checkOptions(options.preprocessing, preprocessingRules, 'load, preprocessing')
}

/** A CLIP from an opened model. Changes the model's config if the options differ from it. */
export async function clipOf(opened: OpenedModel, name: string, options: LoadOptions): Promise<Clip> {
  checkNodeVersion()
  checkLoading(options)
  const { towers = ['image', 'text'], onNotice } = options
  const { checkpoint, sources, config, notices } = opened
  for (const tower of ['image', 'text'] as const) {
    if (options.towers?.includes(tower) && !config[tower]) {
      throw new CheckpointError(`${opened.path} has no ${tower} encoder`)
    }
    if (!towers.includes(tower)) config[tower] = undefined
  }
  if (options.imageSize !== undefined && config.image) config.image.imageSize = options.imageSize

  const tokenizer = config.text ? opened.tokenizer().then((model) => model.tokenizer) : loadTokenizer()
  tokenizer.catch(() => {})
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
      `${opened.path}: the model takes images of ${imageSize}×${imageSize} and its preprocessing makes ${preprocessing.size}×${preprocessing.size}`,
    )
  }

  return createClip({
    name,
    config,
    preprocessing,
    tokenizer: await tokenizer,
    logitScale: finite(Math.exp(await readScalar(checkpoint, sources, 'logit_scale')), 'logit_scale', opened.path),
    logitBias: finite(await readScalar(checkpoint, sources, 'logit_bias'), 'logit_bias', opened.path),
    objective: opened.objective,
    notices,
    parameters: new Parameters(lookup),
    runtime: createRuntime({ device: deviceNamed(options.device ?? 'cpu'), threads: options.threads }),
    images: createPreprocessor({
      preprocessing,
      maxPixels: options.maxPixels,
      maxBytes: options.maxBytes,
      exifRotate: options.exifRotate,
      onOrientation: onNotice && ((image) => onNotice(orientationNotice(image))),
    }),
    onNotice,
    brokenParameter: (tower) => brokenParameter(checkpoint, sources, tower),
  })
}

async function loadRandom(
  name: string,
  { config, preprocessing, tokenizer, lookup, notices }: RandomModel,
  device: Device,
  { towers = ['image', 'text'], threads, maxPixels, maxBytes, exifRotate, onNotice, ...options }: LoadOptions,
): Promise<Clip> {
  for (const tower of ['image', 'text'] as const) if (!towers.includes(tower)) config[tower] = undefined
  const how = { ...preprocessing, ...options.preprocessing }
  return createClip({
    ...{ name, config, notices },
    preprocessing: how,
    tokenizer: config.text ? await tokenizer() : await loadTokenizer(),
    // What training begins with (§2.5).
    logitScale: 1 / 0.07,
    logitBias: 0,
    objective: 'contrastive',
    parameters: new Parameters(lookup),
    runtime: createRuntime({ device, threads }),
    images: createPreprocessor({
      ...{ preprocessing: how, maxPixels, maxBytes, exifRotate },
      onOrientation: onNotice && ((image) => onNotice(orientationNotice(image))),
    }),
    onNotice,
  })
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

/** A parameter of one number; 0 where the checkpoint does not have it, as one encoder alone has no logit scale. */
async function readScalar(
  { tensors }: Checkpoint,
  sources: ReadonlyMap<string, Source>,
  name: string,
): Promise<number> {
  const tensor = tensors.get(sources.get(name)?.names[0] ?? '')
  return tensor ? Number((await readTensor(tensor))[0]) : 0
}
