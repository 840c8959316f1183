// open_clip's model configuration (`open_clip_config.json`, `model_configs/*.json`), read into ours. What we do not
// build is refused by the field's name.

import { CheckpointError } from '../errors.ts'
import { checkHeads } from '../model/check-heads.ts'
import type { ClipConfig, ImageTowerConfig, TextTowerConfig } from '../model/config.ts'
import { type Fields, fieldNames, fieldsOf } from './fields.ts'

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

// What is read, and what changes nothing here: settings of training, and of what is refused by another field.
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
 * @param json the `model_cfg` object, or one of `model_configs/*.json`
 * @throws CheckpointError naming a field that is missing, of the wrong type, or asks for what is not built
 */
export function fromOpenClip(json: unknown, where: string): ClipConfig {
  const top = fieldsOf(json, where)
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
