// SigLIP's objective (Zhai et al. 2023): classify every pair of a batch by itself as matching or not.

import { eyeLike, type Tensor } from '../graph/tensor.ts'
import { compare, encodeText } from '../model/clip.ts'
import { contrastive } from './contrastive.ts'
import type { Objective } from './objective.ts'

/**
 * The logistic loss over all pairs, per image; only the i-th image and the i-th text match:
 *
 *     L = I Tᵀ · exp(t) + b,  z_ij = 1 if i = j else −1
 *     loss = Σ_ij log(1 + exp(−z_ij L_ij)) / n
 *
 * @param image `[batch, d]`, not normalised
 * @param text `[batch, d]`, not normalised
 * @param logitScale `t`, `[]`
 * @param logitBias `b`, `[]`
 * @returns the loss, `[]`
 */
export function sigmoidLoss(image: Tensor, text: Tensor, logitScale: Tensor, logitBias: Tensor): Tensor {
  const logits = compare(image, text, logitScale, logitBias).logits // [batch, batch]
  const z = eyeLike(logits).mul(2).sub(1)
  const losses = z.mul(logits).neg().softplus().sum([1], false) // [batch]
  return losses.mean([0], false)
}

export const siglip = {
  features: contrastive.features,
  loss: (p, { imageEmbedding, textEmbedding }) =>
    sigmoidLoss(imageEmbedding!, textEmbedding!, p.get('logit_scale'), p.get('logit_bias')),
  choices: contrastive.choices,
  bounds: contrastive.bounds,
  // The paper's values: most pairs do not match, and with a bias of −10 their initial loss is almost zero.
  initial: { logit_scale: Math.log(10), logit_bias: -10 },
  encodeText,
} satisfies Objective
