// `load`, in Node: from a name, a path or a hub id to a CLIP.

import type { DownloadProgress } from '../download/hub.node.ts'
import { CheckpointError, UsageError } from '../errors.ts'
import type { Preprocessing } from '../image/transform.ts'
import type { Activation, ClipConfig } from '../model/config.ts'
import { Parameters } from '../model/parameters.ts'
import { type OpenedModel, openModel } from '../pretrained/open.node.ts'
import type { RandomModel } from '../pretrained/random-weights.node.ts'
import { type Device, deviceNamed } from '../runtime/devices.ts'
import { checkNodeVersion } from '../runtime/node-version.node.ts'
import { createRuntime } from '../runtime/onnxruntime.node.ts'
import { loadTokenizer } from '../tokenizer/vocabulary.node.ts'
import { brokenParameter } from './broken-parameter.node.ts'
import { checkpointParameters } from './checkpoint-parameters.node.ts'
import type { Clip, Parts, UseNotice } from './clip.ts'
import { createClip } from './create-clip.ts'
import { foundInstead } from './input-name.ts'
import { orientationNotice } from './notices.ts'
import { anything, checkOptions, count, countOrNone, listOf, oneOf, positive, trueOrFalse } from './options.ts'
import { createPreprocessor } from './preprocessor.node.ts'

/** Options of `load`. */
export interface LoadOptions {
  /** The activation function. Default: as the checkpoint says, or a guess that a notice reports. */
  activation?: Activation | undefined
  /** The encoders that are needed. The other may be missing, and its weights are not read. Default: both. */
  towers?: readonly ('image' | 'text')[] | undefined
  /** `cpu`, `webgpu`, `cuda`, `coreml` or `dml`. Default: `cpu`. */
  device?: Device | undefined
  /** Threads to compute with. Default: one for each core. */
  threads?: number | undefined
  /** Image size in pixels; position embeddings are resized to it. Default: the checkpoint's. */
  imageSize?: number | undefined
  /** Changes to how images are prepared. Default: as the model's publisher does. */
  preprocessing?: Partial<Pick<Preprocessing, 'order' | 'mode' | 'interpolation'>> | undefined
  /** The most pixels of an image. Default: 178,956,970. */
  maxPixels?: number | undefined
  /** The most bytes of an image at an address. Default: 268,435,456. */
  maxBytes?: number | undefined
  /** Turns images upright by their EXIF orientation, unlike the reference. Default: false. */
  exifRotate?: boolean | undefined
  /** Seed of random weights for a config without weights (`*.json`): to look at how a model is built. */
  randomWeights?: number | undefined
  signal?: AbortSignal | undefined
  /** Called while files are downloaded. */
  onProgress?: ((progress: DownloadProgress) => void) | undefined
  /** Called while the model is used: for an image that was not turned upright, and a text in a script that the model does not
   * know. */
  onNotice?: ((notice: UseNotice) => void) | undefined
  /** Called with a sentence while the network makes `load` wait: what it waits for, and what it tries next. */
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
  const { activation, towers, randomWeights, signal, onProgress, onWait } = options
  const name = model ?? 'starter'
  if (randomWeights !== undefined && model !== undefined) {
    const { randomModel } = await import('../pretrained/random-weights.node.ts')
    const random = await randomModel(model, randomWeights, towers)
    if (random) return clipOfParts(name, await randomParts(random, options), options)
  }
  const opened = await openModel(model, { activation, towers, signal, onProgress, onWait })
  signal?.throwIfAborted()
  return clipOf(opened, name, options)
}

/** A CLIP from an opened model. */
export async function clipOf(opened: OpenedModel, name: string, options: LoadOptions): Promise<Clip> {
  checkNodeVersion()
  checkLoading(options)
  return clipOfParts(name, await openedParts(opened, options), options)
}

function checkLoading(options: LoadOptions): void {
  checkOptions(options, rules, 'load')
  checkOptions(options.preprocessing, preprocessingRules, 'load, preprocessing')
  deviceNamed(options.device ?? 'cpu')
}

type ModelParts = Omit<Parts, 'name' | 'runtime' | 'images' | 'onNotice'>

function clipOfParts(name: string, parts: ModelParts, options: LoadOptions): Clip {
  const { device, threads, maxPixels, maxBytes, exifRotate, onNotice } = options
  return createClip({
    name,
    ...parts,
    runtime: createRuntime({ device, threads }),
    images: createPreprocessor({
      ...{ preprocessing: parts.preprocessing, maxPixels, maxBytes, exifRotate },
      onOrientation: onNotice && ((image) => onNotice(orientationNotice(image))),
    }),
    onNotice,
  })
}

/** The parts of a published model. */
async function openedParts(opened: OpenedModel, options: LoadOptions): Promise<ModelParts> {
  const { path, checkpoint, sources, notices, objective } = opened
  const { imageSize: newSize } = options
  const config = withImageSize(opened.config, newSize)

  const tokenizer = config.text ? opened.tokenizer().then((model) => model.tokenizer) : loadTokenizer()
  tokenizer.catch(() => {})
  const parameters = await checkpointParameters({ ...opened, config })
  const imageSize = config.image?.imageSize ?? 224
  const preprocessing = { ...opened.preprocessing, ...options.preprocessing }
  if (newSize !== undefined) Object.assign(preprocessing, { size: imageSize, resize: imageSize })
  if (config.image && preprocessing.size !== imageSize) {
    throw new CheckpointError(
      `${path}: the model takes images of ${imageSize}×${imageSize} and its preprocessing makes ${preprocessing.size}×${preprocessing.size}`,
    )
  }
  return {
    ...parameters,
    ...{ config, preprocessing, objective, notices },
    tokenizer: await tokenizer,
    brokenParameter: (tower) => brokenParameter(checkpoint, sources, tower),
  }
}

/** The parts of a config without weights. */
async function randomParts(random: RandomModel, options: LoadOptions): Promise<ModelParts> {
  const { config, notices } = random
  return {
    ...{ config, notices },
    preprocessing: { ...random.preprocessing, ...options.preprocessing },
    tokenizer: config.text ? await random.tokenizer() : await loadTokenizer(),
    parameters: new Parameters(random.lookup),
    // Training starts with these (§2.5).
    logitScale: 1 / 0.07,
    logitBias: 0,
    objective: 'contrastive',
  }
}

const withImageSize = (config: ClipConfig, imageSize: number | undefined): ClipConfig =>
  imageSize === undefined || !config.image ? config : { ...config, image: { ...config.image, imageSize } }
