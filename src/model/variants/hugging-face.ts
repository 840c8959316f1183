// Hugging Face's `config.json` of a CLIPModel, read into ours.

import type { ClipConfig, TextTowerConfig, VisionTransformerConfig } from '../config.ts'
import { type Fields, fieldsOf } from './fields.ts'

const activations = { quick_gelu: 'quickgelu', gelu: 'gelu' } as const

/**
 * @throws CheckpointError naming a field that is missing, of the wrong type, or asks for what is not built
 */
export function fromHuggingFace(json: unknown, where: string): ClipConfig {
  const top = fieldsOf(json, where)
  const kind = top.choice(
    'model_type',
    { clip: 'both', clip_vision_model: 'image', clip_text_model: 'text' } as const,
    'clip',
  )
  if (kind === 'image') return { embedDim: top.integer('projection_dim', 512), image: imageTower(top) }
  if (kind === 'text') return { embedDim: top.integer('projection_dim', 512), text: textTower(top) }
  // Files of 2022 hold a tower's settings a second time, under `…_dict`; those are the ones that count there.
  const tower = (name: string): Fields => top.optional(`${name}_dict`) ?? top.optional(name) ?? fieldsOf({}, where)
  return {
    embedDim: top.integer('projection_dim', 512),
    image: imageTower(tower('vision_config')),
    text: textTower(tower('text_config')),
  }
}

function imageTower(tower: Fields): VisionTransformerConfig {
  tower.refuse({ num_channels: 3 })
  return {
    kind: 'vision-transformer',
    width: tower.integer('hidden_size', 768),
    layers: tower.integer('num_hidden_layers', 12),
    heads: tower.integer('num_attention_heads', 12),
    mlpWidth: tower.integer('intermediate_size', 3072),
    activation: tower.choice('hidden_act', activations, 'quick_gelu'),
    layerNormEpsilon: tower.number('layer_norm_eps', 1e-5),
    imageSize: tower.square('image_size', 224),
    patchSize: tower.square('patch_size', 32),
    preNorm: true,
    pool: 'token',
    normAfterPool: false,
  }
}

function textTower(tower: Fields): TextTowerConfig {
  // OpenAI's own files carry a wrong id 2 on purpose; with it, transformers reads the embedding at the highest id.
  const endId = tower.integer('eos_token_id', 49407)
  return {
    width: tower.integer('hidden_size', 512),
    layers: tower.integer('num_hidden_layers', 12),
    heads: tower.integer('num_attention_heads', 8),
    mlpWidth: tower.integer('intermediate_size', 2048),
    activation: tower.choice('hidden_act', activations, 'quick_gelu'),
    layerNormEpsilon: tower.number('layer_norm_eps', 1e-5),
    contextLength: tower.integer('max_position_embeddings', 77),
    vocabularySize: tower.integer('vocab_size', 49408),
    pool: endId === 2 ? 'argmax' : 'end',
    endId: endId === 2 ? 49407 : endId,
  }
}
