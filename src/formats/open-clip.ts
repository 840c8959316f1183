// open_clip's `open_clip_config.json`, read and written: `model_cfg` (also alone, as `model_configs/*.json`) and
// `preprocess_cfg`. A field that asks for what typeclip does not build is refused by name.

import { CheckpointError } from '../errors.ts'
import type { Preprocessing } from '../image/transform.ts'
import { checkHeads } from '../model/check-heads.ts'
import type {
  ClipConfig,
  ImageTowerConfig,
  ModifiedResNetConfig,
  TextTowerConfig,
  VisionTransformerConfig,
} from '../model/config.ts'
import { type Fields, fieldNames, fieldsOf, type Json, withoutDefaults } from './fields.ts'
import { openaiPreprocessing } from './openai.ts'
import type { WholeConfig } from './whole-config.ts'

// open_clip's defaults for what we do not build: any other value asks for another architecture.
const customBlock = {
  ls_init_value: null,
  block_type: null,
  qk_norm: false,
  scaled_cosine_attn: false,
  scale_heads: false,
  scale_attn_inner: false,
  scale_attn: false,
  scale_fc: false,
  act_kwargs: null,
}
const imageDefaults = {
  ...customBlock,
  attentional_pool: false,
  pos_embed_type: 'learnable',
  output_tokens: false,
  timm_model_name: null,
}
const textDefaults = {
  ...customBlock,
  text_arch: 'clip',
  hf_tokenizer_name: null,
  tokenizer_mode: null,
  tokenizer_kwargs: null,
  embed_cls: false,
  no_causal_mask: false,
  final_ln_after_pool: false,
  proj_bias: false,
  proj_type: 'linear',
  output_tokens: false,
  hf_model_name: null,
}

// Fields that are read, and fields without effect here: for training, or for what another field refuses.
const topFields = fieldNames(`
  embed_dim quick_gelu vision_cfg text_cfg custom_text init_logit_scale init_logit_bias output_dict cast_dtype
  multimodal_cfg nonscalar_logit_scale
`)
const towerFields = fieldNames('layers width mlp_ratio pool_type norm_kwargs final_ln_after_pool')
const imageFields = fieldNames(`
  head_width patch_size image_size no_ln_pre patch_dropout attn_pooler_queries attn_pooler_heads
  timm_model_pretrained timm_pool timm_proj timm_proj_bias timm_drop timm_drop_path
`)
const textFields = fieldNames(`
  context_length vocab_size heads pad_id eos_id hf_model_pretrained hf_proj_type hf_pooler_type
`)

/**
 * @param json the file, or its `model_cfg` alone
 * @throws CheckpointError naming a field that is missing, of the wrong type, or asks for what typeclip does not build
 */
export function fromOpenClip(json: unknown, where: string): ClipConfig {
  const top = fieldsOf((json as { model_cfg?: unknown } | null)?.model_cfg ?? json, where)
  top.refuse({ multimodal_cfg: null, nonscalar_logit_scale: false })
  const activation = top.boolean('quick_gelu', false) ? 'quickgelu' : 'gelu'
  const image = top.object('vision_cfg')
  const text = top.object('text_cfg')
  image.refuse(imageDefaults)
  text.refuse(textDefaults)
  top.allow(topFields)
  image.allow([...towerFields, ...imageFields, ...Object.keys(imageDefaults)])
  text.allow([...towerFields, ...textFields, ...Object.keys(textDefaults)])
  const config = {
    embedDim: top.integer('embed_dim'),
    image: imageTower(image, activation),
    text: textTower(text, activation),
  }
  checkHeads(config, where)
  return config
}

function layerNormEpsilon(tower: Fields): number {
  const settings = tower.optional('norm_kwargs')
  settings?.allow(['eps'])
  return settings?.number('eps', 1e-5) ?? 1e-5
}

function imageTower(tower: Fields, activation: 'quickgelu' | 'gelu'): ImageTowerConfig {
  const width = tower.integer('width', 768)
  const imageSize = tower.square('image_size', 224)
  const headWidth = tower.integer('head_width', 64)
  const layers = tower.layers('layers', 12)
  if (typeof layers !== 'number') {
    return { kind: 'modified-resnet', imageSize, width, layers, heads: Math.floor((width * 32) / headWidth) }
  }
  return {
    kind: 'vision-transformer',
    width,
    layers,
    heads: Math.floor(width / headWidth),
    mlpWidth: Math.floor(width * tower.number('mlp_ratio', 4)),
    activation,
    layerNormEpsilon: layerNormEpsilon(tower),
    imageSize,
    patchSize: tower.square('patch_size', 16),
    preNorm: !tower.boolean('no_ln_pre', false),
    pool: tower.choice('pool_type', { tok: 'token', avg: 'average' }, 'tok'),
    normAfterPool: tower.boolean('final_ln_after_pool', false),
  }
}

function textTower(tower: Fields, activation: 'quickgelu' | 'gelu'): TextTowerConfig {
  const width = tower.integer('width', 512)
  const pool = tower.choice('pool_type', { argmax: 'argmax', eos: 'end' } as const, 'argmax')
  const endId = tower.integer('eos_id', pool === 'end' ? 2 : 49407)
  if (pool === 'end' && endId === 2) throw new CheckpointError(`${tower.where}: pool_type 'eos' needs eos_id`)
  return {
    width,
    layers: tower.integer('layers', 12),
    heads: tower.integer('heads', 8),
    mlpWidth: Math.floor(width * tower.number('mlp_ratio', 4)),
    activation,
    layerNormEpsilon: layerNormEpsilon(tower),
    contextLength: tower.integer('context_length', 77),
    vocabularySize: tower.integer('vocab_size', 49408),
    pool,
    endId,
  }
}

/**
 * @param json the file; without a `preprocess_cfg`, images are prepared as OpenAI's are
 * @param size of the model's images
 */
export function preprocessingFromOpenClip(json: unknown, size: number, where: string): Preprocessing {
  const config = fieldsOf((json as { preprocess_cfg?: unknown }).preprocess_cfg ?? {}, where)
  const openai = openaiPreprocessing(size)
  config.refuse({ mode: 'RGB' })
  config.allow(['size', 'mode', 'mean', 'std', 'interpolation', 'resize_mode', 'fill_color'])
  return {
    ...openai,
    size: config.square('size', size),
    mode: config.choice(
      'resize_mode',
      { shortest: 'shortest', longest: 'longest', squash: 'squash' } as const,
      'shortest',
    ),
    // `random` is for training; in evaluation open_clip takes bicubic for it.
    interpolation: config.choice(
      'interpolation',
      { bicubic: 'bicubic', bilinear: 'bilinear', random: 'bicubic' } as const,
      'bicubic',
    ),
    mean: config.triple('mean', openai.mean),
    std: config.triple('std', openai.std),
    fill: config.integer('fill_color', 0),
  }
}

/**
 * The content of `open_clip_config.json`.
 *
 * @param options.logitBias whether the model has that parameter: open_clip creates it only if the config says so
 */
export function openClipConfig(
  { embedDim, image, text }: WholeConfig,
  how: Preprocessing,
  { logitBias = false } = {},
): Json {
  if (image.kind === 'vision-transformer' && image.activation !== text.activation) {
    throw new CheckpointError(
      `the towers have different activations, ${image.activation} and ${text.activation}; open_clip has one`,
    )
  }
  if ((how.resize ?? how.size) !== how.size || (how.rescale ?? 1 / 255) !== 1 / 255) {
    throw new CheckpointError(
      'the images are resized to another size than they are cropped to, or rescaled; open_clip cannot say that',
    )
  }
  return {
    model_cfg: {
      embed_dim: embedDim,
      ...(logitBias && { init_logit_scale: Math.log(10), init_logit_bias: -10 }),
      ...withoutDefaults({ quick_gelu: text.activation === 'quickgelu' }, { quick_gelu: false }),
      vision_cfg: image.kind === 'modified-resnet' ? openClipResNet(image) : openClipVisionTransformer(image),
      text_cfg: openClipText(text),
    },
    preprocess_cfg: {
      size: [how.size, how.size],
      mode: 'RGB',
      mean: how.mean,
      std: how.std,
      interpolation: how.interpolation,
      resize_mode: how.mode,
      fill_color: how.fill ?? 0,
    },
  }
}

const openClipResNet = ({ imageSize, width, layers, heads }: ModifiedResNetConfig): Json => ({
  image_size: imageSize,
  layers,
  width,
  ...withoutDefaults({ head_width: Math.floor((width * 32) / heads) }, { head_width: 64 }),
})

const openClipVisionTransformer = (image: VisionTransformerConfig): Json => ({
  image_size: image.imageSize,
  layers: image.layers,
  width: image.width,
  patch_size: image.patchSize,
  ...withoutDefaults(
    {
      head_width: Math.floor(image.width / image.heads),
      mlp_ratio: mlpRatio(image),
      no_ln_pre: !image.preNorm,
      pool_type: image.pool === 'token' ? 'tok' : 'avg',
      final_ln_after_pool: image.normAfterPool,
    },
    { head_width: 64, mlp_ratio: 4, no_ln_pre: false, pool_type: 'tok', final_ln_after_pool: false },
  ),
  ...epsilon(image.layerNormEpsilon),
})

const openClipText = (text: TextTowerConfig): Json => ({
  context_length: text.contextLength,
  vocab_size: text.vocabularySize,
  width: text.width,
  heads: text.heads,
  layers: text.layers,
  ...withoutDefaults({ mlp_ratio: mlpRatio(text) }, { mlp_ratio: 4 }),
  ...(text.pool === 'end' ? { pool_type: 'eos', eos_id: text.endId } : {}),
  ...epsilon(text.layerNormEpsilon),
})

const epsilon = (eps: number): Json => (eps === 1e-5 ? {} : { norm_kwargs: { eps } })

/** open_clip multiplies the width with it and truncates. */
function mlpRatio({ width, mlpWidth }: { width: number; mlpWidth: number }): number {
  const ratio = mlpWidth / width
  return Math.floor(width * ratio) === mlpWidth ? ratio : (mlpWidth + 0.5) / width
}
