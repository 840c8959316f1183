// The contrastive objective (§2.3, Figure 3): find the matching pairs among all pairs of a batch.

import type { Tensor } from '../graph/tensor.ts'
import { compare, cosines, encodeImage, encodeText, normalize } from '../model/clip.ts'
import type { Objective } from './objective.ts'

/**
 * The symmetric cross-entropy over cosine similarities, where the i-th image belongs to the i-th text:
 *
 *     I = image / ‖image‖,  T = text / ‖text‖,  L = I Tᵀ · exp(t)
 *     loss = ½ (mean_i (log Σ_j exp L_ij − L_ii) + mean_j (log Σ_i exp L_ij − L_jj))
 *
 * @param image `[batch, d]`, not normalised
 * @param text `[batch, d]`, not normalised
 * @param logitScale `t`, the logarithm of the similarities' factor, `[]`
 * @returns the loss, `[]`
 */
export function infoNce(image: Tensor, text: Tensor, logitScale: Tensor): Tensor {
  const { imageUnit, textUnit, scale, logits } = compare(image.is(...text.shape), text, logitScale)
  const ownLogit = imageUnit.mul(textUnit).sum([1], false).mean([0], false).mul(scale) // mean of L_ii
  const ofImages = logits.logSumExp([1], false).mean([0], false)
  const ofTexts = logits.logSumExp([0], false).mean([0], false)
  return ofImages.add(ofTexts).mul(0.5).sub(ownLogit).is()
}

/** Limits of `t`: the scale is at most 100, for stability (§2.5), and at least 1, as in open_clip. */
export const scaleBounds = { logit_scale: [0, Math.log(100)] } as const

export const contrastive = {
  features: (p, { image, text, training }, config) => ({
    imageEmbedding: encodeImage(p, image, config, { training }),
    textEmbedding: encodeText(p, text, config),
  }),
  loss: (p, { imageEmbedding, textEmbedding }) => infoNce(imageEmbedding!, textEmbedding!, p.get('logit_scale')),
  choices: (_, { imageEmbedding, textEmbedding }) =>
    cosines(normalize(imageEmbedding!), normalize(textEmbedding!)).argMax(1),
  bounds: scaleBounds,
  encodeText,
} satisfies Objective
