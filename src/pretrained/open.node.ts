// Opens a model: finds its files, detects its naming, reads or infers its config. Reads no weights.

import { basename, dirname, join } from 'node:path'
import type { Checkpoint } from '../checkpoint/checkpoint.ts'
import { openCheckpoint } from '../checkpoint/open.node.ts'
import type { DownloadOptions } from '../download/hub.node.ts'
import { CheckpointError } from '../errors.ts'
import { readJsonIfThere } from '../files/json.node.ts'
import { ownFile, requireOwnFile } from '../files/own-files.node.ts'
import { families } from '../formats/families.ts'
import { openaiPreprocessing } from '../formats/openai.ts'
import { type Naming, resolveNaming, type Source } from '../formats/tensor-names.ts'
import type { Preprocessing } from '../image/transform.ts'
import { checkHeads } from '../model/check-heads.ts'
import type { Activation, ClipConfig } from '../model/config.ts'
import { type ObjectiveName, objectiveOf, trainsTextTower } from '../objectives/index.ts'
import { clipsVocabulary, inferConfig } from './infer-config.ts'
import { modelFiles } from './locate.node.ts'
import { modelFolder, refuseConfiguration } from './model-folder.node.ts'
import { type ModelTokenizer, missingTokenizer, modelTokenizer } from './model-tokenizer.node.ts'
import { canonicalShapes } from './weights.ts'

export interface OpenedModel {
  path: string
  /** The folder of its config. */
  folder: string
  checkpoint: Checkpoint
  naming: Naming
  /** The stored tensors of each canonical one. */
  sources: ReadonlyMap<string, Source>
  /** Encoders that the checkpoint does not have, or that are not wanted, are undefined. */
  config: ClipConfig
  /** The objective that it was trained with, recognised by its parameters. */
  objective: ObjectiveName
  preprocessing: Preprocessing
  /** Reads it when it is called: images can be used without it. */
  tokenizer: () => Promise<ModelTokenizer>
  /** What a user should know: what was guessed, what this model cannot do. */
  notices: string[]
}

/** The folder of the model that ships. */
export const starter = ownFile('../../models/starter', import.meta.url)

/** The notice of a model that was opened without a name. */
export const starterNotice =
  'using the small starter model (clothes, groceries, emoji, simple drawings); for a full CLIP give `model`, such as ViT-B/32'

export type Tower = 'image' | 'text'

export interface OpenOptions extends DownloadOptions {
  /** Overrides what the checkpoint says or what would be guessed. */
  activation?: Activation | undefined
  /** The encoders to open, which the model must have. Default: those it has. */
  towers?: readonly Tower[] | undefined
}

/**
 * @param model as `load` takes it. Default: the model that ships
 * @throws CheckpointError for files that cannot be used, UsageError for a name that is not known
 */
export async function openModel(model: string | undefined, options: OpenOptions = {}): Promise<OpenedModel> {
  if (model === undefined) requireOwnFile(starter)
  const notices = model === undefined ? [starterNotice] : []
  const onFallback = (notice: string) => void notices.push(notice)
  const located = await modelFiles(model ?? starter, { ...options, onFallback })
  const { isFolder, tag } = located
  const path = isFolder ? await modelFolder(located.path) : located.path
  const folder = isFolder ? path : dirname(path)
  if (!isFolder) await refuseConfiguration(path)
  const checkpoint = await openCheckpoint(path)
  const { naming, sources } = await resolved(checkpoint, path, folder)
  const shapes = canonicalShapes(checkpoint.tensors, sources)

  const objective = objectiveOf((parameter) => shapes.has(parameter))
  const settings = settingsIn(folder, naming === 'hf')
  const configured = await settings.config()
  if (!configured && !trainsTextTower(objective)) {
    throw new CheckpointError(
      `${path} was trained with the objective ${objective}, and its configuration is not beside it: put the open_clip_config.json of its folder there`,
    )
  }
  const { config, guessed } = configured
    ? { config: configured, guessed: [] }
    : inferConfig(shapes, naming === 'openai' ? 'openai' : (tag ?? basename(path)), options.activation)
  if (!configured) checkHeads(config, path)
  if (options.activation) setActivation(config, options.activation)
  if (!shapes.has('visual.conv1.weight')) config.image = undefined
  if (trainsTextTower(objective) && !shapes.has('token_embedding.weight')) config.text = undefined
  const size = config.image?.imageSize ?? 224
  const stated = await settings.preprocessing(size)
  if (guessed.length > 0 && config.image && !stated) guessed.push("OpenAI's preprocessing of images")
  if (guessed.length > 0) {
    notices.push(
      `${path} has no configuration beside it, so what its tensors do not tell was guessed: ${guessed.join(', ')}. If that is wrong, put its open_clip_config.json or config.json beside it; \`activation\` can be set alone.`,
    )
  }
  const preprocessing = stated ?? openaiPreprocessing(size)
  const vocabulary = shapes.get('token_embedding.weight')?.[0]
  if (configured && naming === 'hf' && vocabulary === clipsVocabulary) {
    const notice = await missingTokenizer(folder)
    if (notice) notices.push(notice)
  }
  return {
    ...{ path, folder, checkpoint, naming, sources, objective, preprocessing, notices },
    config: withTowers(config, options.towers, path),
    tokenizer: () => modelTokenizer(folder, { naming, configured: configured !== undefined, vocabulary, path }),
  }
}

/** A config with the wanted encoders. @throws CheckpointError for one that the model does not have */
export function withTowers(config: ClipConfig, towers: readonly Tower[] | undefined, path: string): ClipConfig {
  if (!towers) return config
  const missing = towers.find((tower) => !config[tower])
  if (missing) throw new CheckpointError(`${path} has no ${missing} encoder`)
  const one = <T extends Tower>(tower: T) => (towers.includes(tower) ? config[tower] : undefined)
  return { ...config, image: one('image'), text: one('text') }
}

/** The resolved names. If they are not CLIP's, the config's refusal is thrown first: it says best what the model is. */
async function resolved(checkpoint: Checkpoint, path: string, folder: string) {
  try {
    return resolveNaming(checkpoint.tensors.keys())
  } catch (error) {
    await settingsIn(folder, !basename(checkpoint.files[0]!).startsWith('open_clip')).config()
    throw error instanceof CheckpointError ? new CheckpointError(`${path}: ${error.message}`) : error
  }
}

function setActivation(config: ClipConfig, activation: Activation): void {
  for (const tower of [config.image, config.text]) if (tower && 'activation' in tower) tower.activation = activation
}

/** The config files of the project whose naming the weights have; the other project's, if only those are there. */
function settingsIn(folder: string, huggingFaceNames: boolean) {
  const path = (name: string) => join(folder, name)
  const files = { path, json: (name: string) => readJsonIfThere(path(name)) }
  const { open_clip, hf } = families
  const [first, second] = huggingFaceNames ? [hf, open_clip] : [open_clip, hf]
  return {
    config: async () => (await first.config(files)) ?? (await second.config(files)),
    preprocessing: async (size: number) =>
      (await first.preprocessing(files, size)) ?? (await second.preprocessing(files, size)),
  }
}
