// The model that training starts from: a config alone (random parameters), or a checkpoint (continued).

import type { DownloadOptions } from '../download/hub.node.ts'
import { CheckpointError } from '../errors.ts'
import { readJson } from '../files/json.node.ts'
import { fromOpenClip, preprocessingFromOpenClip } from '../formats/open-clip.ts'
import { canonicalTensor } from '../formats/rewrite.node.ts'
import type { Preprocessing } from '../image/transform.ts'
import type { Activation, ClipConfig } from '../model/config.ts'
import { hasClipsVocabulary, type ModelTokenizer } from '../pretrained/model-tokenizer.node.ts'
import { type OpenedModel, openModel } from '../pretrained/open.node.ts'
import { canonicalShapes } from '../pretrained/weights.ts'
import type { OpenOptions } from './train-options.ts'

/** What training starts from: a config, and the parameters of a checkpoint where there is one. */
export interface InitialModel {
  readonly config: ClipConfig
  readonly preprocessing: Preprocessing
  readonly notices: readonly string[]
  /** Shapes of the stored parameters by canonical name. */
  readonly shapes: ReadonlyMap<string, readonly number[]>
  /** A stored parameter by canonical name, or undefined. */
  read(name: string): Promise<Float32Array | undefined>
}

/**
 * @param model an open_clip model config (`*.json`) to train from scratch, or a checkpoint, as for `load`
 * @throws CheckpointError for a file that cannot be read
 */
export async function openInitialModel(
  model: string,
  options: DownloadOptions & { activation?: Activation | undefined } = {},
): Promise<InitialModel> {
  return /\.json$/i.test(model)
    ? fromConfiguration(model, options.activation)
    : fromOpened(await openModel(model, options))
}

/** The opened model, or the one of that name. @param options of the training run */
export const initialModelOf = (
  model: string | InitialModel,
  { activation, onDownload, onWait }: OpenOptions,
  signal: AbortSignal | undefined,
): InitialModel | Promise<InitialModel> =>
  typeof model === 'string' ? openInitialModel(model, { activation, signal, onProgress: onDownload, onWait }) : model

async function fromConfiguration(path: string, activation: Activation | undefined): Promise<InitialModel> {
  const json = await readJson(path)
  const config = fromOpenClip(json, path)
  for (const tower of [config.image, config.text]) {
    if (activation && tower && 'activation' in tower) tower.activation = activation
  }
  const size = config.image?.imageSize ?? 224
  const preprocessing = preprocessingFromOpenClip(json, size, path)
  return { config, preprocessing, notices: [], shapes: new Map(), read: async () => undefined }
}

/** @throws CheckpointError for a model with a vocabulary of its own */
export async function fromOpened(opened: OpenedModel): Promise<InitialModel> {
  const { path, checkpoint, sources, config, preprocessing, notices, tokenizer } = opened
  if (config.text) await refuseOwnVocabulary(tokenizer, path)
  return {
    config,
    preprocessing,
    notices,
    shapes: canonicalShapes(checkpoint.tensors, sources),
    async read(name) {
      const bytes = await canonicalTensor({ tensors: checkpoint.tensors, sources }, name, 'float32')?.bytes()
      return bytes && new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))
    },
  }
}

/** A trained model is written as open_clip has it, with CLIP's vocabulary. */
async function refuseOwnVocabulary(tokenizer: () => Promise<ModelTokenizer>, path: string): Promise<void> {
  const { tokenizer: read, own } = await tokenizer()
  if (!own || (await hasClipsVocabulary(read))) return
  throw new CheckpointError(
    `${path} has a vocabulary of its own (${read.vocabularySize} tokens), and a trained model is written in open_clip's layout, which has no place for it; train a model with CLIP's vocabulary`,
  )
}
