// Folders that contain a CLIP, or belong to one, recognised by their files before any weight is read.

import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { CheckpointError } from '../errors.ts'
import { readJsonIfThere } from '../files/json.node.ts'
import { isConfig } from '../formats/families.ts'

type Json = Record<string, unknown>

/**
 * The folder that holds the model: this one, or that of the CLIP inside a sentence-transformers folder.
 *
 * @throws CheckpointError for an adapter, and for the root of a diffusers pipeline
 */
export async function modelFolder(folder: string): Promise<string> {
  const entries = new Set(await readdir(folder))
  if (entries.has('adapter_config.json') && !hasModel(entries)) {
    const { base_model_name_or_path: base, peft_type: type } = await settings(join(folder, 'adapter_config.json'))
    throw new CheckpointError(
      `${folder} is an adapter of PEFT (${type ?? 'of no type'}), not a model. Merge it into its base model${base ? `, ${base},` : ''} first: typeclip convert with an adapter, or writeMerged of typeclip/finetune`,
    )
  }
  if (entries.has('model_index.json'))
    throw new CheckpointError(pipeline(folder, await settings(join(folder, 'model_index.json'))))
  if (entries.has('modules.json')) return sentenceTransformers(folder)
  return folder
}

const hasModel = (entries: ReadonlySet<string>): boolean =>
  ['config.json', 'open_clip_config.json', 'model.safetensors', 'pytorch_model.bin'].some((name) => entries.has(name))

async function settings(path: string): Promise<Json> {
  const json = await readJsonIfThere(path)
  return typeof json === 'object' && json !== null ? (json as Json) : {}
}

/** The parts of CLIP in a pipeline: `"text_encoder": ["transformers", "CLIPTextModel"]`. */
function pipeline(folder: string, index: Json): string {
  const parts = Object.entries(index).flatMap(([name, value]) => {
    const kind = Array.isArray(value) ? value[1] : undefined
    return typeof kind === 'string' && /^CLIP\w*Model/.test(kind) ? [{ name, kind }] : []
  })
  const what = `${folder} is a diffusers pipeline${index._class_name ? ` (${index._class_name})` : ''}, not a model`
  const projected = parts.find(({ kind }) => kind.endsWith('WithProjection'))
  if (projected) return `${what}. Of its parts, ${projected.name} can be used: give ${join(folder, projected.name)}`
  if (parts.length === 0) return `${what}, and it has no CLIP; give the folder of a CLIP`
  const named = parts.map(({ name, kind }) => `${name} (${kind})`).join(', ')
  return `${what}. Of CLIP it has ${named}, without the projection that joint embeddings need; use the whole CLIP that it was taken from, such as openai/clip-vit-large-patch14`
}

/** `modules.json` of sentence-transformers: a CLIPModel in a folder of its own, and further modules. */
async function sentenceTransformers(folder: string): Promise<string> {
  const modules = await readJsonIfThere(join(folder, 'modules.json'))
  const list = (Array.isArray(modules) ? modules : []) as { type?: string; path?: string }[]
  const kinds = list.map(({ type }) => `${type}`.split('.').at(-1)!)
  const others = kinds.filter((kind) => kind !== 'CLIPModel' && kind !== 'Normalize')
  if (others.length > 0 || !kinds.includes('CLIPModel')) {
    throw new CheckpointError(
      `${folder} is a model of sentence-transformers made of ${kinds.join(', ') || 'nothing'}; typeclip reads those made of a CLIPModel`,
    )
  }
  return join(folder, list[kinds.indexOf('CLIPModel')]!.path ?? '')
}

/** @throws CheckpointError for a configuration given as a model */
export async function refuseConfiguration(path: string): Promise<void> {
  if (!/\.json$/i.test(path)) return
  const json = await settings(path)
  if ('weight_map' in json) return
  if (!isConfig(json)) return
  throw new CheckpointError(
    `${path} is a configuration and has no weights. Give the folder or file of the weights; typeclip train starts from a configuration, and typeclip inspect shows one with random weights`,
  )
}
