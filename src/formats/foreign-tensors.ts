// What a checkpoint with tensors of another model is, by their names.

import { CheckpointError } from '../errors.ts'

/** Names of tensors that another model has, and a sentence about it; the first match counts. */
const signs: readonly (readonly [names: RegExp, what: string])[] = [
  [/lora_[AB]\./, 'They are an adapter (LoRA), which has to be merged into the model that it was trained on'],
  [/(^|\.)ls_[12]\.gamma$/, 'They are layer scale (`ls_init_value` in open_clip), which typeclip does not build'],
  [/^visual\.trunk\./, "The image encoder is one of timm's (SigLIP, ConvNeXt, EVA …), which typeclip does not have"],
  [/text_decoder\.|attn_pool\.|^text\.cls_emb$/, 'This is CoCa, which typeclip does not have'],
  [
    /^text\.(transformer\.(embeddings|encoder)|proj\.)/,
    'The text encoder is a BERT or a relative, which typeclip does not have',
  ],
  [/(text|vision)_model\.head\.|^logit_bias$/, 'This is SigLIP, which typeclip does not have'],
  [/positional?_embedding_res/, 'This is LongCLIP, which typeclip does not have'],
  [
    /^(classifier|head|fc)\.(weight|bias)$/,
    'They are a classifier on top of CLIP; save the CLIP by itself, without them',
  ],
  [/^(class_head|box_head)\./, 'This is OWL-ViT, which typeclip does not have'],
  [/^decoder\./, 'This is CLIP with a decoder (CLIPSeg), which typeclip does not have'],
  [
    /language_model\.|multi_modal_projector|lm_head/,
    'This is a language model that sees (LLaVA …), which typeclip does not have',
  ],
]

const signIn = (names: readonly string[]): string | undefined =>
  signs.find(([pattern]) => names.some((name) => pattern.test(name)))?.[1]

export const whatHas = (names: readonly string[]): string =>
  signIn(names) ?? 'Such a model typeclip does not have; if they are parts beside a CLIP, save the CLIP by itself'

/**
 * One encoder without the projection into the joint space, as in a Stable Diffusion pipeline: names start with
 * `text_model.`, or with nothing since transformers 5.6.
 */
const unprojected = [
  ['CLIPTextModel', 'text', /^(text_model\.)?embeddings\.token_embedding\.weight$/, 'text_projection.weight'],
  ['CLIPVisionModel', 'image', /^(vision_model\.)?embeddings\.patch_embedding\.weight$/, 'visual_projection.weight'],
] as const

/** @throws CheckpointError for one encoder of Hugging Face's that has no projection */
export function refuseUnprojected(all: readonly string[]): void {
  const found = unprojected.filter(([, , embedding]) => all.some((name) => embedding.test(name)))
  const [one] = found
  if (!one || found.length > 1 || all.includes(one[3]) || signIn(all)) return
  const [name, encoder] = one
  throw new CheckpointError(
    `this is a ${name}: the ${encoder} encoder without its projection (${one[3]}), so it has no joint embedding of images and texts. Use the whole CLIP that it was taken from (such as openai/clip-vit-large-patch14), or a folder of a ${name}WithProjection`,
  )
}

/** The first names of a list, for messages. */
export const few = (names: string[]): string =>
  names
    .slice(0, 5)
    .map((name) => `'${name.length > 100 ? `${name.slice(0, 100)}…` : name}'`)
    .join(', ') + (names.length > 5 ? ' …' : '')
