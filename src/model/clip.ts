// CLIP (Figure 3 of the paper): two encoders into one space, and the logits of every image with every text.
//
//   I_e = normalize(image_encoder(I) · W_i)      T_e = normalize(text_encoder(T) · W_t)
//   logits = I_e · T_eᵀ · exp(t)

import type { Tensor } from '../graph/tensor.ts'
import type { ClipConfig, ImageTowerConfig, TextTowerConfig } from './config.ts'
import type { Parameters } from './parameters.ts'
import { type TextInputs, textTransformer } from './text-transformer.ts'
import { imageTower, type TowerOptions } from './towers.ts'

export type { ClipConfig, ImageTowerConfig, TextTowerConfig } from './config.ts'

/** Figure 3's forward pass: the logits of every image with every text of a batch, `[batch, batch]`. */
export function clipLogits(p: Parameters, image: Tensor, text: TextInputs, config: ClipConfig): Tensor {
  const imageEmbedding = encodeImage(p, image, config) // [batch, embedDim]
  const textEmbedding = encodeText(p, text, config) // [batch, embedDim]
  const logitBias = p.has('logit_bias') ? p.get('logit_bias') : undefined // SigLIP's
  return compare(imageEmbedding, textEmbedding, p.get('logit_scale'), logitBias).logits
}

/** `[batch, 3, n, n] → [batch, embedDim]`, not normalised */
export const encodeImage = (p: Parameters, image: Tensor, config: ClipConfig, options: TowerOptions = {}): Tensor =>
  imageTower(imageConfig(config)).encode(p.at('visual'), image, config.embedDim, options)

/** The image encoder's output at each position, before pooling: `[batch, 3, n, n] → [batch, positions, width]` */
export const encodeGrid = (p: Parameters, image: Tensor, config: ClipConfig, options: TowerOptions = {}): Tensor =>
  imageTower(imageConfig(config)).encodeGrid(p.at('visual'), image, options)

/** `[batch, length] → [batch, embedDim]`, not normalised */
export const encodeText = (p: Parameters, text: TextInputs, config: ClipConfig, options: TowerOptions = {}): Tensor =>
  textTransformer(p, text, textConfig(config), config.embedDim, options)

/**
 * From embeddings to logits.
 *
 * @param image `[images, embedDim]`, not normalised
 * @param text `[texts, embedDim]`, not normalised
 * @param logitScale `t`, the logarithm of the factor of the cosines, `[]`
 * @param logitBias `b`, added to the logits, `[]`
 */
export function compare(image: Tensor, text: Tensor, logitScale: Tensor, logitBias?: Tensor) {
  const imageUnit = normalize(image) // [images, embedDim]
  const textUnit = normalize(text) // [texts, embedDim]
  const scale = logitScale.is().exp() // one over the temperature
  const scaled = cosines(imageUnit, textUnit).mul(scale).is(image.shape[0]!, text.shape[0]!)
  return { imageUnit, textUnit, scale, logits: logitBias ? scaled.add(logitBias.is()) : scaled }
}

/** `[images, embedDim] × [texts, embedDim] → [images, texts]`, both of unit length */
export const cosines = (imageUnit: Tensor, textUnit: Tensor): Tensor => imageUnit.matmul(textUnit.transpose())

/** `x / ‖x‖`, row by row. */
export const normalize = (x: Tensor): Tensor => x.div(x.mul(x).sum([-1]).sqrt())

export function imageConfig({ image }: ClipConfig): ImageTowerConfig {
  if (!image) throw new Error('the config has no image encoder')
  return image
}

export function textConfig({ text }: ClipConfig): TextTowerConfig {
  if (!text) throw new Error('the config has no text encoder')
  return text
}
