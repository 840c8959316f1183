// Hugging Face's `config.json` of a CLIPModel, read and written.

import { CheckpointError } from '../errors.ts'
import { checkHeads } from '../model/check-heads.ts'
import type { ClipConfig, TextTowerConfig, VisionTransformerConfig } from '../model/config.ts'
import { type Fields, fieldNames, fieldsOf, type Json } from './fields.ts'
import type { WholeConfig } from './whole-config.ts'

/** Classes whose computation is CLIPModel's, whole or in part. */
const architectures = fieldNames(`
  CLIPModel CLIPTextModel CLIPTextModelWithProjection CLIPVisionModel CLIPVisionModelWithProjection
`)

/** What transformers writes into every configuration, and CLIP's forward pass does not read. */
const general = fieldNames(`
  architectures dtype torch_dtype transformers_version _name_or_path _commit_hash gradient_checkpointing
  attn_implementation _attn_implementation _attn_implementation_autoset initializer_factor initializer_range
  attention_dropout dropout use_cache bos_token_id eos_token_id pad_token_id sep_token_id decoder_start_token_id
  add_cross_attention bad_words_ids begin_suppress_tokens chunk_size_feed_forward cross_attention_hidden_size
  diversity_penalty do_sample early_stopping encoder_no_repeat_ngram_size exponential_decay_length_penalty
  finetuning_task forced_bos_token_id forced_eos_token_id id2label label2id num_labels is_decoder is_encoder_decoder
  length_penalty max_length min_length no_repeat_ngram_size num_beam_groups num_beams num_return_sequences
  output_attentions output_hidden_states output_scores prefix problem_type remove_invalid_values repetition_penalty
  return_dict return_dict_in_generate suppress_tokens task_specific_params temperature tf_legacy_loss
  tie_encoder_decoder tie_word_embeddings tokenizer_class top_k top_p torchscript typical_p use_bfloat16
  model_type projection_dim pruned_heads _class_name _diffusers_version
`)
const topFields = fieldNames(`
  text_config vision_config text_config_dict vision_config_dict logit_scale_init_value
`)
const towerFields = fieldNames(`
  hidden_size num_hidden_layers num_attention_heads intermediate_size hidden_act layer_norm_eps
`)
const imageFields = fieldNames('num_channels image_size patch_size')
const textFields = fieldNames('max_position_embeddings vocab_size')

const activations = { quick_gelu: 'quickgelu', gelu: 'gelu' } as const

/**
 * @throws CheckpointError naming a field that is missing, of the wrong type, or asks for what typeclip does not build
 */
export function fromHuggingFace(json: unknown, where: string): ClipConfig {
  const top = fieldsOf(json, where)
  const kind = top.choice(
    'model_type',
    { clip: 'both', clip_vision_model: 'image', clip_text_model: 'text' } as const,
    'clip',
  )
  refuseOtherClasses(top)
  const config = towersOf(top, kind, where)
  checkHeads(config, where)
  return config
}

/** @throws CheckpointError for a model that has other code than CLIPModel */
function refuseOtherClasses(top: Fields): void {
  top.refuse({ auto_map: null, quantization_config: null })
  const { architectures: named } = top.json
  const others = Array.isArray(named) ? named.filter((name) => !architectures.includes(name)) : []
  if (others.length === 0) return
  throw new CheckpointError(
    `${top.where}: field architectures names ${others.join(', ')}, which typeclip does not have (only ${architectures.join(', ')})`,
  )
}

function towersOf(top: Fields, kind: 'both' | 'image' | 'text', where: string): ClipConfig {
  if (kind === 'image') return { embedDim: top.integer('projection_dim', 512), image: imageTower(top) }
  if (kind === 'text') return { embedDim: top.integer('projection_dim', 512), text: textTower(top) }
  top.allow([...topFields, ...general])
  // Files of 2022 have an encoder's settings a second time, under `…_dict`, and transformers uses those.
  const tower = (name: string): Fields => top.optional(`${name}_dict`) ?? top.optional(name) ?? fieldsOf({}, where)
  return {
    embedDim: top.integer('projection_dim', 512),
    image: imageTower(tower('vision_config')),
    text: textTower(tower('text_config')),
  }
}

function allowTower(tower: Fields, own: readonly string[]): void {
  tower.allow([...own, ...towerFields, ...general])
  if (Object.keys(tower.optional('pruned_heads')?.json ?? {}).length > 0) {
    throw new CheckpointError(`${tower.where}: field pruned_heads is not empty, and typeclip does not prune heads`)
  }
}

function imageTower(tower: Fields): VisionTransformerConfig {
  tower.refuse({ num_channels: 3 })
  allowTower(tower, imageFields)
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
  allowTower(tower, textFields)
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

const hiddenAct = { quickgelu: 'quick_gelu', gelu: 'gelu' } as const

/**
 * The content of `config.json`.
 *
 * @param startId the tokenizer's start token
 */
export function huggingFaceConfig({ embedDim, image, text }: WholeConfig, startId: number): Json {
  if (image.kind !== 'vision-transformer' || !image.preNorm || image.pool !== 'token') {
    const what =
      image.kind !== 'vision-transformer' ? 'is a ResNet' : image.preNorm ? 'averages patches' : 'has no ln_pre'
    throw new CheckpointError(
      `the image tower ${what}, which Hugging Face's CLIPModel cannot be; convert to open_clip instead`,
    )
  }
  const transformer = (tower: VisionTransformerConfig | TextTowerConfig): Json => ({
    hidden_size: tower.width,
    intermediate_size: tower.mlpWidth,
    num_hidden_layers: tower.layers,
    num_attention_heads: tower.heads,
    hidden_act: hiddenAct[tower.activation],
    layer_norm_eps: tower.layerNormEpsilon,
    projection_dim: embedDim,
  })
  return {
    architectures: ['CLIPModel'],
    model_type: 'clip',
    projection_dim: embedDim,
    logit_scale_init_value: 2.6592,
    text_config: {
      model_type: 'clip_text_model',
      ...transformer(text),
      max_position_embeddings: text.contextLength,
      vocab_size: text.vocabularySize,
      bos_token_id: startId,
      // With 2, which is wrong, transformers reads the embedding at the highest id; OpenAI's own files have it so.
      eos_token_id: text.pool === 'argmax' ? 2 : text.endId,
      pad_token_id: 1,
    },
    vision_config: {
      model_type: 'clip_vision_model',
      ...transformer(image),
      image_size: image.imageSize,
      patch_size: image.patchSize,
      num_channels: 3,
    },
  }
}
