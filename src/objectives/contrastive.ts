// The contrastive objective (§2.3, Figure 3): of all pairs in a batch, tell which belong together.

import type { Tensor } from '../graph/tensor.ts'
import { encodeImage, encodeText } from '../model/clip.ts'
import type { Objective } from './objective.ts'

/**
 * The symmetric cross-entropy over cosine similarities, where the i-th image belongs to the i-th text:
 *
 *     I = image / ‖image‖,  T = text / ‖text‖,  L = I Tᵀ · exp(t)
 *     loss = ½ (mean_i (log Σ_j exp L_ij − L_ii) + mean_j (log Σ_i exp L_ij − L_jj))
 *
 * @param image `[batch, d]`, not normalised
 * @param text `[batch, d]`, not normalised
 * @param logitScale `t`, the logarithm of what the similarities are multiplied with, `[]`
 * @returns the loss, `[]`
 */
export function infoNce(image: Tensor, text: Tensor, logitScale: Tensor): Tensor {
  const [batch] = image.is(...text.shape).shape
  const [i, t, scale] = [normalize(image), normalize(text), logitScale.is().exp()]
  const logits = i.matmul(t.transpose()).mul(scale).is(batch!, batch!)
  const right = i.mul(t).sum([1], false).mean([0], false).mul(scale)
  const ofImages = logits.logSumExp([1], false).mean([0], false)
  const ofTexts = logits.logSumExp([0], false).mean([0], false)
  return ofImages.add(ofTexts).mul(0.5).sub(right).is()
}

/** Cosines of every image with every text of a batch, `[batch, batch]`. */
export const cosines = (image: Tensor, text: Tensor): Tensor => normalize(image).matmul(normalize(text).transpose())

/** Rows divided by their length. */
const normalize = (x: Tensor): Tensor => x.div(x.mul(x).sum([-1]).sqrt())

/** Training's own bounds: beyond a scale of 100 it was not stable (§2.5), and open_clip keeps it from falling below 1. */
export const scaleBounds = { logit_scale: [0, Math.log(100)] } as const

export const contrastive = {
  features: (p, { image, text, training }, config) => ({
    imageEmbedding: encodeImage(p, image, config, { training }),
    textEmbedding: encodeText(p, text, config),
  }),
  loss: (p, { imageEmbedding, textEmbedding }) => infoNce(imageEmbedding!, textEmbedding!, p.get('logit_scale')),
  choices: (_, { imageEmbedding, textEmbedding }) => cosines(imageEmbedding!, textEmbedding!).argMax(1),
  bounds: scaleBounds,
  encodeText,
} satisfies Objective
