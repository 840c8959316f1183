// LoRA adapters in the format of Hugging Face's PEFT: `adapter_config.json`, `adapter_model.safetensors`.

import { join } from 'node:path'
import { openCheckpoint } from '../../checkpoint/open.node.ts'
import { readTensor } from '../../checkpoint/read.node.ts'
import { arrayTensor, type TensorToWrite, writeSafetensors } from '../../checkpoint/write.node.ts'
import { CheckpointError } from '../../errors.ts'
import { replaceJson } from '../../files/atomic.node.ts'
import { readJson } from '../../files/json.node.ts'
import { type LoraOptions, type LoraTarget, loraTargets, type Tower } from './lora.ts'

/** One matrix of a LoRA adapter. */
export interface AdapterTensor {
  shape: readonly number[]
  /** Row-major. */
  data: Float32Array
}

/** A LoRA adapter as PEFT stores it. */
export interface Adapter {
  options: LoraOptions
  /** `visual.transformer.resblocks.0.attn.q_proj.lora_A.weight` `[r, in]`, `…lora_B.weight` `[out, r]` */
  tensors: ReadonlyMap<string, AdapterTensor>
}

const modules: Record<LoraTarget, [ours: string, huggingFace: string]> = {
  q: ['attn.q_proj', 'self_attn.q_proj'],
  k: ['attn.k_proj', 'self_attn.k_proj'],
  v: ['attn.v_proj', 'self_attn.v_proj'],
  out: ['attn.out_proj', 'self_attn.out_proj'],
  fc: ['mlp.c_fc', 'mlp.fc1'],
  proj: ['mlp.c_proj', 'mlp.fc2'],
}
const stacks: Record<Tower, [ours: string, huggingFace: string]> = {
  image: ['visual.transformer.resblocks', 'vision_model.encoder.layers'],
  text: ['transformer.resblocks', 'text_model.encoder.layers'],
}
const towers = Object.keys(stacks) as Tower[]
const prefix = 'base_model.model.'

/** A ResNet's attention pool keeps OpenAI's names, since Hugging Face has no such encoder. */
const pool = 'visual.attnpool'
const poolModules: Partial<Record<LoraTarget, string>> = { q: 'q_proj', k: 'k_proj', v: 'v_proj', out: 'c_proj' }

/** The matrix's name in the other naming. */
function renamed(name: string, from: 0 | 1): { name: string; tower: Tower; target: LoraTarget } | undefined {
  const inPool = /^visual\.attnpool\.(\w+)\.lora_[AB]\.weight$/.exec(name)?.[1]
  const target = loraTargets.find((target) => inPool !== undefined && poolModules[target] === inPool)
  if (target) return { name, tower: 'image', target }
  const to = from === 0 ? 1 : 0
  for (const tower of towers) {
    for (const target of loraTargets) {
      const [stack, module] = [stacks[tower][from], modules[target][from]].map((part) => part.replaceAll('.', '\\.'))
      const match = new RegExp(`^${stack}\\.(\\d+)\\.${module}\\.(lora_[AB]\\.weight)$`).exec(name)
      if (match) return { name: `${stacks[tower][to]}.${match[1]}.${modules[target][to]}.${match[2]}`, tower, target }
    }
  }
  return undefined
}

/**
 * Writes an adapter as PEFT reads it for Hugging Face's `CLIPModel`.
 *
 * @param base the base model's name
 */
export async function writeAdapter(folder: string, { options, tensors }: Adapter, base = ''): Promise<void> {
  const written = new Map<string, TensorToWrite>()
  for (const [name, { shape, data }] of tensors) {
    const place = renamed(name, 0)
    if (!place) throw new CheckpointError(`adapter: '${name}' is not a LoRA matrix that PEFT knows`)
    written.set(prefix + place.name, arrayTensor(data, shape))
  }
  const hasPool = [...tensors.keys()].some((name) => name.startsWith(pool))
  const blockModules = options.targets.map((target) => modules[target][1].split('.').at(-1)!)
  const names = hasPool
    ? [...new Set([...blockModules, ...options.targets.map((target) => poolModules[target]).filter(isNamed)])]
    : blockModules
  const [only] = options.towers.length === 1 ? options.towers : []
  const stack = only === 'image' && hasPool ? pool.split('.')[0] : only && stacks[only][1].split('.')[0]
  const config = {
    peft_type: 'LORA',
    task_type: null,
    base_model_name_or_path: base,
    inference_mode: true,
    r: options.rank,
    lora_alpha: options.alpha,
    use_rslora: options.scaling === 'rank-stabilised',
    // A single encoder needs a regular expression, because both have modules of the same names.
    target_modules: stack ? `${stack}\\..*\\.(${names.join('|')})` : names,
    lora_dropout: 0,
    bias: 'none',
    fan_in_fan_out: false,
    init_lora_weights: true,
    modules_to_save: null,
    use_dora: false,
  }
  const path = join(folder, 'adapter_model.safetensors')
  await writeSafetensors(path, written, { metadata: { format: 'pt' }, overwrite: true })
  await replaceJson(join(folder, 'adapter_config.json'), config)
}

const isNamed = (name: string | undefined): name is string => name !== undefined

/** PEFT's features beyond LoRA that are not supported: adapters that use them are refused. */
const unsupported: readonly [field: string, inUse: (value: unknown) => boolean][] = [
  ['use_dora', (value) => value === true],
  ['fan_in_fan_out', (value) => value === true],
  ['bias', (value) => value !== undefined && value !== 'none'],
  ['modules_to_save', (value) => Array.isArray(value) && value.length > 0],
  ['rank_pattern', (value) => Object.keys(value ?? {}).length > 0],
  ['alpha_pattern', (value) => Object.keys(value ?? {}).length > 0],
]

/**
 * Reads an adapter written by PEFT or `writeAdapter`.
 *
 * @throws CheckpointError for files that are missing or not LoRA's, or matrices of modules that CLIP does not have
 */
export async function readAdapter(folder: string): Promise<Adapter> {
  const where = join(folder, 'adapter_config.json')
  const config = (await readJson(
    where,
    (why, cause) => new CheckpointError(`${where} ${why}; expected the folder of a PEFT adapter`, { cause }),
  )) as Record<string, unknown>
  if (config.peft_type !== 'LORA') {
    throw new CheckpointError(`${where}: peft_type is ${JSON.stringify(config.peft_type)}; only LORA is known`)
  }
  const other = unsupported.find(([field, inUse]) => inUse(config[field]))
  if (other) {
    throw new CheckpointError(
      `${where}: ${other[0]} is ${JSON.stringify(config[other[0]])}, which is not supported; merge the adapter with PEFT, and convert the model`,
    )
  }
  const { r, lora_alpha: alpha } = config
  if (typeof r !== 'number' || typeof alpha !== 'number' || r < 1) {
    throw new CheckpointError(`${where}: expected numbers as r and lora_alpha, found ${r} and ${alpha}`)
  }
  const path = join(folder, 'adapter_model.safetensors')
  const stored = (await openCheckpoint(path)).tensors
  const tensors = new Map<string, AdapterTensor>()
  const [foundTargets, foundTowers] = [new Set<LoraTarget>(), new Set<Tower>()]
  for (const [name, tensor] of stored) {
    const place = renamed(name.slice(name.startsWith(prefix) ? prefix.length : 0), 1)
    if (!place) {
      throw new CheckpointError(
        `${path}: '${name}' is not a LoRA matrix of CLIP's blocks (as with target_modules "all-linear", which takes the projections too); merge it with PEFT, and convert the model`,
      )
    }
    const [rows, columns] = tensor.shape
    const rank = place.name.endsWith('A.weight') ? rows : columns
    if (tensor.shape.length !== 2 || rank !== r) {
      throw new CheckpointError(`${path}: '${name}' is [${tensor.shape}]; expected rank ${r}`)
    }
    tensors.set(place.name, { shape: tensor.shape, data: Float32Array.from(await readTensor(tensor), Number) })
    foundTargets.add(place.target)
    foundTowers.add(place.tower)
  }
  const options: LoraOptions = {
    rank: r,
    alpha,
    scaling: config.use_rslora === true ? 'rank-stabilised' : 'standard',
    targets: loraTargets.filter((target) => foundTargets.has(target)),
    towers: towers.filter((tower) => foundTowers.has(tower)),
  }
  return { options, tensors }
}
