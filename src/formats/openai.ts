// What OpenAI publishes: one file of weights. Its code takes the architecture from the shapes and QuickGELU for granted.

import type { Preprocessing } from '../image/transform.ts'
import type { WholeConfig } from './whole-config.ts'

/** OpenAI's preprocessing (clip.py `_transform`) for a model that takes images of `size` × `size`. */
export const openaiPreprocessing = (size: number): Preprocessing => ({
  size,
  order: 'openai',
  mode: 'shortest',
  interpolation: 'bicubic',
  mean: [0.48145466, 0.4578275, 0.40821073],
  std: [0.26862954, 0.26130258, 0.27577711],
})

/** Integers that OpenAI's files have beside the weights. typeclip recognises a QuickGELU model by them. */
export const openaiNotes = ({ image, text }: WholeConfig): Record<string, number> => ({
  input_resolution: image.imageSize,
  context_length: text.contextLength,
  vocab_size: text.vocabularySize,
})

/** Why OpenAI's code, which takes the architecture from the shapes, cannot build a model; undefined if it can. */
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
