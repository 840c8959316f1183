// A model opened: its files found, its naming told, its configuration read or inferred. No weight is read.

import { readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Checkpoint } from './checkpoint/checkpoint.ts'
import type { DownloadOptions } from './checkpoint/download.node.ts'
import { type Naming, resolveNaming, type Source } from './checkpoint/naming.ts'
import { openCheckpoint } from './checkpoint/open.node.ts'
import { CheckpointError } from './errors.ts'
import type { Preprocessing } from './image/transform.ts'
import type { Activation, ClipConfig } from './model/config.ts'
import { inferConfig } from './model/infer-config.ts'
import { activationOf, fromHuggingFace, fromOpenClip } from './model/variants/index.ts'
import { modelFiles } from './model-files.node.ts'
import { type ObjectiveName, objectiveOf, trainsTextTower } from './objectives/index.ts'
import { openaiPreprocessing, preprocessingFromHuggingFace, preprocessingFromOpenClip } from './preprocessing.ts'
import { canonicalShapes } from './weights.ts'

export interface OpenedModel {
  path: string
  checkpoint: Checkpoint
  naming: Naming
  /** What each canonical tensor is made of. */
  sources: ReadonlyMap<string, Source>
  /** Towers that the checkpoint does not hold are undefined. */
  config: ClipConfig
  /** What it was trained by, as its parameters tell. */
  objective: ObjectiveName
  preprocessing: Preprocessing
  /** What a user should know: what was guessed, what this model cannot do. */
  notices: string[]
}

/** The folder of the model that ships. */
export const starter = fileURLToPath(new URL('../models/starter', import.meta.url))

/** The notice of a model that was opened without a name. */
export const starterNotice =
  'using the small starter model (clothes, groceries, emoji, simple drawings); for a full CLIP give `model`, such as ViT-B/32'

/**
 * @param model as `load` takes it; the model that ships, if left out
 * @param options.activation overrides what the checkpoint says or what would be guessed
 */
export async function openModel(
  model: string | undefined,
  options: DownloadOptions & { activation?: Activation | undefined } = {},
): Promise<OpenedModel> {
  const { path, isFolder, tag } = await modelFiles(model ?? starter, options)
  const folder = isFolder ? path : dirname(path)
  const checkpoint = await openCheckpoint(path)
  const { naming, sources } = resolveNaming(checkpoint.tensors.keys())
  const shapes = canonicalShapes(checkpoint.tensors, sources)
  const notices = model === undefined ? [starterNotice] : []

  const objective = objectiveOf((parameter) => shapes.has(parameter))
  const configured = await readConfig(folder, naming === 'hf')
  if (!configured && !trainsTextTower(objective)) {
    throw new CheckpointError(
      `${path} was trained with the objective ${objective}, and its configuration is not beside it: put the open_clip_config.json of its folder there`,
    )
  }
  const config = configured ?? inferConfig(shapes, 'quickgelu')
  // OpenAI's notes of the architecture stand in OpenAI's own files, and those are all QuickGELU.
  const known = configured ? undefined : activationOf(tag ?? (naming === 'openai' ? 'openai' : basename(path)))
  const activation = options.activation ?? known
  if (activation) setActivation(config, activation)
  else if (!configured) {
    notices.push(
      `${path} has no configuration beside it, so its activation was guessed: QuickGELU, as in OpenAI's models. If it was trained with GELU, say so with \`activation\`.`,
    )
  }
  if (!shapes.has('visual.conv1.weight')) config.image = undefined
  if (trainsTextTower(objective) && !shapes.has('token_embedding.weight')) config.text = undefined
  const preprocessing = await readPreprocessing(folder, config.image?.imageSize ?? 224)
  return { path, checkpoint, naming, sources, config, objective, preprocessing, notices }
}

function setActivation(config: ClipConfig, activation: Activation): void {
  for (const tower of [config.image, config.text]) if (tower && 'activation' in tower) tower.activation = activation
}

async function readJson(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw new CheckpointError(`${file} cannot be read: ${error.message}`, { cause: error })
  })
  if (text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new CheckpointError(`${file} is not JSON: ${(error as Error).message}`, { cause: error })
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
