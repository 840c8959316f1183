// The configuration files that open_clip and Hugging Face want beside a checkpoint: the reverse of model/variants and
// preprocessing.ts. What a project cannot say is refused by name.

import { CheckpointError } from '../errors.ts'
import type { Preprocessing } from '../image/transform.ts'
import type { ClipConfig, ModifiedResNetConfig, TextTowerConfig, VisionTransformerConfig } from '../model/config.ts'

type Json = Record<string, unknown>

/** A whole CLIP; these projects have no file for one tower of it. */
export interface WholeConfig {
  embedDim: number
  image: VisionTransformerConfig | ModifiedResNetConfig
  text: TextTowerConfig
}

export function wholeConfig({ embedDim, image, text }: ClipConfig, path: string): WholeConfig {
  if (image && text) return { embedDim, image, text }
  throw new CheckpointError(`${path} holds only the ${image ? 'image' : 'text'} tower; a whole CLIP can be converted`)
}

/** Leaves out what is as the project has it anyway. */
const unlessUsual = (settings: Json, usual: Json): Json =>
  Object.fromEntries(Object.entries(settings).filter(([name, value]) => value !== usual[name]))

/**
 * `open_clip_config.json`
 * @param options.logitBias whether the model has that parameter, which open_clip has to be told
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
      ...unlessUsual({ quick_gelu: text.activation === 'quickgelu' }, { quick_gelu: false }),
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
  ...unlessUsual({ head_width: Math.floor((width * 32) / heads) }, { head_width: 64 }),
})

const openClipVisionTransformer = (image: VisionTransformerConfig): Json => ({
  image_size: image.imageSize,
  layers: image.layers,
  width: image.width,
  patch_size: image.patchSize,
  ...unlessUsual(
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
  ...unlessUsual({ mlp_ratio: mlpRatio(text) }, { mlp_ratio: 4 }),
  ...(text.pool === 'end' ? { pool_type: 'eos', eos_id: text.endId } : {}),
  ...epsilon(text.layerNormEpsilon),
})

const epsilon = (eps: number): Json => (eps === 1e-5 ? {} : { norm_kwargs: { eps } })

/** open_clip multiplies the width with it and truncates. */
function mlpRatio({ width, mlpWidth }: { width: number; mlpWidth: number }): number {
  const ratio = mlpWidth / width
  return Math.floor(width * ratio) === mlpWidth ? ratio : (mlpWidth + 0.5) / width
}

const hiddenAct = { quickgelu: 'quick_gelu', gelu: 'gelu' } as const

/**
 * `config.json` of a CLIPModel
 * @param startId of the tokenizer
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

// Pillow's numbers.
const resample = { bilinear: 2, bicubic: 3 } as const

/** `preprocessor_config.json` of a CLIPImageProcessor. */
export function huggingFacePreprocessor(how: Preprocessing): Json {
  if (how.mode === 'longest') {
    throw new CheckpointError("the images are padded to a square, which Hugging Face's CLIPImageProcessor cannot say")
  }
  const side = { height: how.size, width: how.size }
  return {
    image_processor_type: 'CLIPImageProcessor',
    processor_class: 'CLIPProcessor',
    do_convert_rgb: true,
    do_resize: how.resize !== 'none',
    size: how.mode === 'squash' ? side : { shortest_edge: how.resize === 'none' ? how.size : (how.resize ?? how.size) },
    resample: resample[how.interpolation],
    do_center_crop: how.mode !== 'squash',
    crop_size: side,
    do_rescale: true,
    rescale_factor: how.rescale ?? 1 / 255,
    do_normalize: true,
    image_mean: how.mean,
    image_std: how.std,
  }
}

/** What keeps a model from being built by OpenAI's own code, which takes all from the shapes; undefined if nothing. */
export function notForOpenai({ image, text }: WholeConfig): string | undefined {
  const usual = { heads: true, mlp: true, epsilon: true }
  for (const tower of image.kind === 'vision-transformer' ? [image, text] : [text]) {
    usual.heads &&= tower.heads === Math.floor(tower.width / 64)
    usual.mlp &&= tower.mlpWidth === 4 * tower.width
    usual.epsilon &&= tower.layerNormEpsilon === 1e-5
  }
  if (image.kind === 'modified-resnet') usual.heads &&= image.heads === Math.floor((image.width * 32) / 64)
  if (!usual.heads) return 'its heads are not 64 wide'
  if (!usual.mlp) return 'its MLPs are not four times as wide as the tower'
  if (!usual.epsilon) return 'its LayerNorms have an epsilon of their own'
  if (text.pool !== 'argmax') return 'it reads text at the end token, not at the highest id'
  if (image.kind === 'vision-transformer' && !image.preNorm) return 'it has no ln_pre'
  if (image.kind === 'vision-transformer' && image.pool !== 'token') return 'it averages patches'
  return undefined
}
