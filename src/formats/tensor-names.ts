// How the projects name CLIP's tensors. OpenAI's names are the canonical ones; open_clip's are the same, or below `text.`;
// Hugging Face's are in a table (from transformers' convert_clip_original_pytorch_to_hf.py).

import { CheckpointError } from '../errors.ts'
import { few, refuseUnprojected, whatHas } from './foreign-tensors.ts'

export type Naming = 'openai' | 'open_clip' | 'open_clip-custom-text' | 'hf'

/** The stored tensors that make a canonical one, and how. */
export interface Source {
  names: string[]
  /**
   * `transpose`: a matrix transposed. `concat`: joined along the first axis (q, k, v → in_proj). `reshape`: the same
   * elements, for a scalar that another project stores as a list of one.
   */
  how: 'same' | 'transpose' | 'concat' | 'reshape'
}

// Canonical name, Hugging Face's name, and how one becomes the other. `#` is the number of a block.
type Row = [canonical: string, hf: string, how: Source['how']]

const both = (canonical: string, hf: string): Row[] => [
  [`${canonical}.weight`, `${hf}.weight`, 'same'],
  [`${canonical}.bias`, `${hf}.bias`, 'same'],
]

const block = (canonical: string, hf: string): Row[] => [
  ...both(`${canonical}.ln_1`, `${hf}.layer_norm1`),
  [`${canonical}.attn.in_proj_weight`, `${hf}.self_attn.{q,k,v}_proj.weight`, 'concat'],
  [`${canonical}.attn.in_proj_bias`, `${hf}.self_attn.{q,k,v}_proj.bias`, 'concat'],
  ...both(`${canonical}.attn.out_proj`, `${hf}.self_attn.out_proj`),
  ...both(`${canonical}.ln_2`, `${hf}.layer_norm2`),
  ...both(`${canonical}.mlp.c_fc`, `${hf}.mlp.fc1`),
  ...both(`${canonical}.mlp.c_proj`, `${hf}.mlp.fc2`),
]

const textRows: Row[] = [
  ['token_embedding.weight', 'text_model.embeddings.token_embedding.weight', 'same'],
  ['positional_embedding', 'text_model.embeddings.position_embedding.weight', 'same'],
  ...block('transformer.resblocks.#', 'text_model.encoder.layers.#'),
  ...both('ln_final', 'text_model.final_layer_norm'),
  ['text_projection', 'text_projection.weight', 'transpose'],
]

const rows: Row[] = [
  ['logit_scale', 'logit_scale', 'reshape'],
  ['visual.class_embedding', 'vision_model.embeddings.class_embedding', 'same'],
  ['visual.conv1.weight', 'vision_model.embeddings.patch_embedding.weight', 'same'],
  ['visual.positional_embedding', 'vision_model.embeddings.position_embedding.weight', 'same'],
  ...both('visual.ln_pre', 'vision_model.pre_layrnorm'),
  ...block('visual.transformer.resblocks.#', 'vision_model.encoder.layers.#'),
  ...both('visual.ln_post', 'vision_model.post_layernorm'),
  ['visual.proj', 'visual_projection.weight', 'transpose'],
  ...textRows,
]

const batchNorm = '{weight,bias,running_mean,running_var,num_batches_tracked}'

/** The modified ResNet, which Hugging Face has no class for. */
const resnetNames = [
  `visual.{bn1,bn2,bn3}.${batchNorm}`,
  `visual.layer{1,2,3,4}.#.{bn1,bn2,bn3,downsample.1}.${batchNorm}`,
  'visual.{conv1,conv2,conv3}.weight',
  'visual.layer{1,2,3,4}.#.{conv1,conv2,conv3,downsample.0}.weight',
  'visual.attnpool.{q,k,v,c}_proj.{weight,bias}',
  'visual.attnpool.positional_embedding',
]

/** Parameters of typeclip's own objectives (`src/objectives`); no other project has names for them. */
const objectiveNames = [
  'bag_of_words.{weight,bias}',
  'cbow.{token_embedding.weight,text_projection}',
  'caption.{image_projection,ln_final}.{weight,bias}',
  'caption.{token_embedding.weight,positional_embedding}',
  'caption.transformer.resblocks.#.{ln_1,attn.out_proj,ln_cross,ln_2,mlp.c_fc,mlp.c_proj}.{weight,bias}',
  'caption.transformer.resblocks.#.cross_attn.{q,k,v,out}_proj.{weight,bias}',
  'caption.transformer.resblocks.#.attn.in_proj_{weight,bias}',
]

/** `a.{b,c}` → `a.b`, `a.c` */
function expand(pattern: string): string[] {
  const [, before, inside, after] = /^(.*?)\{(.*?)\}(.*)$/.exec(pattern) ?? []
  return inside?.split(',').flatMap((one) => expand(`${before}${one}${after}`)) ?? [pattern]
}

const rowOf = new Map(rows.map((row) => [row[0], row]))
const rowOfHf = new Map(rows.flatMap((row) => expand(row[1]).map((name) => [name, row] as const)))
const scalars = new Set(['logit_scale', 'logit_bias'])
const canonical = new Set([...rowOf.keys(), ...[...resnetNames, ...objectiveNames].flatMap(expand), ...scalars])
const textNames = new Set(textRows.map(([name]) => name))

const blockNumber = /\b(resblocks|encoder\.layers|layer[1-4])\.(\d+)\./
const toTemplate = (name: string): string => name.replace(blockNumber, '$1.#.')
const fillIn = (template: string, name: string): string => template.replace('#', name.match(blockNumber)?.[2] ?? '#')

/** Stored with the weights, but not weights: positions 0, 1, 2 …, masks, and OpenAI's notes of the architecture. */
const ignored = /(^|\.)(position_ids|attn_mask|input_resolution|context_length|vocab_size)$/

// The name of an encoder's first tensor shows the naming, and what precedes it is a wrapper (`module.`, `state_dict.`).
const anchors: [Naming, RegExp][] = [
  ['hf', /^(|.*\.)(vision_model\.embeddings\.patch_embedding|text_model\.embeddings\.token_embedding)\.weight$/],
  ['open_clip-custom-text', /^(|.*\.)text\.token_embedding\.weight$/],
  ['open_clip', /^(|.*\.)(visual\.conv1|token_embedding)\.weight$/],
]

/** Of several models in a training checkpoint (such as a moving average), the one under the first of these is used. */
const usualWrappers = [
  '',
  'module.',
  'state_dict.',
  'state_dict.module.',
  'model.',
  'model.module.',
  'model_state_dict.',
]

/**
 * Detects the naming, and finds the stored tensors of every canonical one.
 *
 * OpenAI and open_clip use the same names; it is `openai` if OpenAI's notes (`input_resolution` …) are among the weights.
 * The caller checks whether the model is complete; one encoder alone is accepted.
 *
 * @throws CheckpointError if no naming fits, or a tensor is not part of CLIP
 */
export function resolveNaming(names: Iterable<string>): { naming: Naming; sources: Map<string, Source> } {
  const all = [...names]
  refuseUnprojected(all)
  const { naming, prefix } = detect(all)
  const sources = new Map<string, Source>()
  const unknown: string[] = []
  for (const stored of all) {
    if (ignored.test(stored) || !stored.startsWith(prefix)) continue
    const found = resolve(stored.slice(prefix.length), naming)
    if (!found) unknown.push(stored)
    else sources.set(found.name, { ...found.source, names: found.source.names.map((name) => prefix + name) })
  }
  if (unknown.length > 0) {
    throw new CheckpointError(
      `${unknown.length} of ${all.length} tensors are not part of CLIP as OpenAI, open_clip or Hugging Face name it: ${few(unknown)}. ${whatHas(unknown)}`,
    )
  }
  refuseMissingParts(sources, all)
  const noted = naming === 'open_clip' && all.includes(`${prefix}input_resolution`)
  return { naming: noted ? 'openai' : naming, sources }
}

function detect(all: string[]): { naming: Naming; prefix: string } {
  for (const [naming, anchor] of anchors) {
    const prefixes = new Set(all.flatMap((name) => anchor.exec(name)?.[1] ?? []))
    if (prefixes.size === 0) continue
    const prefix = prefixes.size === 1 ? [...prefixes][0] : usualWrappers.find((wrapper) => prefixes.has(wrapper))
    if (prefix !== undefined) return { naming, prefix }
    throw new CheckpointError(
      `the checkpoint holds ${prefixes.size} models, under ${few([...prefixes])}; save the one you want by itself`,
    )
  }
  throw new CheckpointError(
    all.length === 0
      ? 'the checkpoint holds no tensors'
      : `none of the checkpoint's ${all.length} tensors has a name that CLIP's have in OpenAI's, open_clip's or Hugging Face's naming; the first are ${few(all)}. ${whatHas(all)}`,
  )
}

function resolve(stored: string, naming: Naming): { name: string; source: Source } | undefined {
  if (naming === 'hf') {
    const row = rowOfHf.get(toTemplate(stored))
    return row && { name: fillIn(row[0], stored), source: { names: hfNames(row, stored), how: row[2] } }
  }
  let name = stored
  if (naming === 'open_clip-custom-text') {
    if (stored.startsWith('text.')) name = stored.slice('text.'.length)
    if (stored.startsWith('text.') !== textNames.has(toTemplate(name))) return undefined
  }
  const template = toTemplate(name)
  if (!canonical.has(template)) return undefined
  const how = scalars.has(template) ? 'reshape' : 'same'
  return { name, source: { names: [stored], how } }
}

const hfNames = (row: Row, numbered: string): string[] => expand(row[1]).map((name) => fillIn(name, numbered))

/** q without k and v cannot make an in_proj. */
function refuseMissingParts(sources: Map<string, Source>, all: string[]): void {
  const there = new Set(all)
  for (const [name, { names }] of sources) {
    const missing = names.find((part) => !there.has(part))
    if (missing) throw new CheckpointError(`'${name}' is made of ${few(names)}, and the checkpoint has no '${missing}'`)
  }
}

/** Hugging Face's names for a canonical tensor; undefined if it has none (a ResNet). */
export function toHuggingFace(name: string): Source | undefined {
  const row = rowOf.get(toTemplate(name))
  return row && { names: hfNames(row, name), how: row[2] }
}
