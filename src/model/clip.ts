// CLIP (Figure 3 of the paper): two encoders into one space.
//
//   I_e = normalize(image_encoder(I) · W_i)      T_e = normalize(text_encoder(T) · W_t)
//   logits = I_e · T_eᵀ · exp(t)

import type { Tensor } from '../graph/tensor.ts'
import type { ClipConfig } from './config.ts'
import { modifiedResNet } from './modified-resnet.ts'
import type { Parameters } from './parameters.ts'
import { type TextInputs, textTransformer } from './text-transformer.ts'
import { type TowerOptions, visionTransformer } from './vision-transformer.ts'

export type { ClipConfig, ImageTowerConfig, TextTowerConfig } from './config.ts'

/** `[batch, 3, n, n] → [batch, embedDim]`, not normalised */
export function encodeImage(
  p: Parameters,
  image: Tensor,
  { image: tower, embedDim }: ClipConfig,
  options?: TowerOptions,
): Tensor {
  if (!tower) throw new Error('the configuration has no image tower')
  return tower.kind === 'modified-resnet'
    ? modifiedResNet(p.at('visual'), image, tower, embedDim, options)
    : visionTransformer(p.at('visual'), image, tower, embedDim, options)
}

/** What the image tower knows of each place, before it is pooled: `[batch, 3, n, n] → [batch, places, width]` */
export const encodeGrid = (p: Parameters, image: Tensor, config: ClipConfig, options?: TowerOptions): Tensor =>
  encodeImage(p, image, config, { ...options, grid: true })

/** `[batch, length] → [batch, embedDim]`, not normalised */
export function encodeText(
  p: Parameters,
  text: TextInputs,
  { text: tower, embedDim }: ClipConfig,
  options?: TowerOptions,
): Tensor {
  if (!tower) throw new Error('the configuration has no text tower')
  return textTransformer(p, text, tower, embedDim, options)
}
