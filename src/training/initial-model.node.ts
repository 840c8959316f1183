// What training begins with: a configuration alone, whose parameters are drawn anew, or a checkpoint, which it goes on from.

import { readFile } from 'node:fs/promises'
import { cast, compositions } from '../checkpoint/compose.ts'
import type { DownloadOptions } from '../checkpoint/download.node.ts'
import { readTensorBytes } from '../checkpoint/read.node.ts'
import { decodeUtf8 } from '../data/utf8.ts'
import { CheckpointError } from '../errors.ts'
import { dtypeBytes } from '../graph/dtype.ts'
import type { Preprocessing } from '../image/transform.ts'
import type { Activation, ClipConfig } from '../model/config.ts'
import { fromOpenClip } from '../model/variants/index.ts'
import { openModel } from '../open-model.node.ts'
import { openaiPreprocessing, preprocessingFromOpenClip } from '../preprocessing.ts'
import { canonicalShapes } from '../weights.ts'

export interface InitialModel {
  readonly config: ClipConfig
  readonly preprocessing: Preprocessing
  readonly notices: readonly string[]
  /** Of the parameters that there are, by canonical name. */
  readonly shapes: ReadonlyMap<string, readonly number[]>
  /** A parameter by canonical name; undefined where there is none yet. */
  read(name: string): Promise<Float32Array | undefined>
}

/**
 * @param model open_clip's model configuration (`*.json`), or a checkpoint as `load` takes it
 * @throws CheckpointError for a file that cannot be used
 */
export async function openInitialModel(
  model: string,
  options: DownloadOptions & { activation?: Activation | undefined } = {},
): Promise<InitialModel> {
  return /\.json$/i.test(model) ? fromConfiguration(model, options.activation) : fromCheckpoint(model, options)
}

async function fromConfiguration(path: string, activation: Activation | undefined): Promise<InitialModel> {
  const bytes = await readFile(path).catch((error: Error) => {
    throw new CheckpointError(`${path} cannot be read: ${error.message}`)
  })
  const text = decodeUtf8(bytes, path)
  let json: { model_cfg?: unknown; preprocess_cfg?: unknown }
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw new CheckpointError(`${path} is not JSON: ${(error as Error).message}`)
  }
  const config = fromOpenClip(json?.model_cfg ?? json, path)
  for (const tower of [config.image, config.text]) {
    if (activation && tower && 'activation' in tower) tower.activation = activation
  }
  const size = config.image?.imageSize ?? 224
  const preprocessing = json.preprocess_cfg
    ? preprocessingFromOpenClip(json.preprocess_cfg, size, path)
    : openaiPreprocessing(size)
  return { config, preprocessing, notices: [], shapes: new Map(), read: async () => undefined }
}

async function fromCheckpoint(
  model: string,
  options: DownloadOptions & { activation?: Activation | undefined },
): Promise<InitialModel> {
  const { checkpoint, sources, config, preprocessing, notices } = await openModel(model, options)
  return {
    config,
    preprocessing,
    notices,
    shapes: canonicalShapes(checkpoint.tensors, sources),
    async read(name) {
      const source = sources.get(name)
      if (!source) return undefined
      const parts = source.names.map((stored) => checkpoint.tensors.get(stored)!)
      const { shape, bytes } = compositions[source.how]
      const whole = shape(
        parts.map((part) => part.shape),
        name,
      )
      const read = await Promise.all(
        parts.map(async (part) => cast(await readTensorBytes(part), part.dtype, 'float32')),
      )
      const { buffer, byteOffset, length } = bytes(read, whole, dtypeBytes('float32'))
      return new Float32Array(buffer.slice(byteOffset, byteOffset + length))
    },
  }
}
