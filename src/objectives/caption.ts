// Caption prediction by a transformer language model, the first curve of Figure 2: predict the caption token by token from
// the image. The paper does not say how its model sees the image; ours is in model/caption-decoder.ts.

import type { Tensor } from '../graph/tensor.ts'
import { captionDecoder, tokenEmbedding } from '../model/caption-decoder.ts'
import { encodeGrid } from '../model/clip.ts'
import type { ClipConfig, TextTowerConfig } from '../model/config.ts'
import type { Parameters } from '../model/parameters.ts'
import type { Captions, Objective } from './objective.ts'

/**
 * Each caption's negative log-likelihood and its number of predicted tokens (all words and the end):
 *
 *     z_t = E h_t,  h_t the decoder's output at position t,  E the token embeddings
 *     nll = Σ_t log Σ_v exp z_tv − z_t,next(t)
 */
function captionLoss(
  p: Parameters,
  grid: Tensor,
  { text, nextIds, predictPositions, predictIndex }: Captions,
  config: ClipConfig,
) {
  const tower = config.text as TextTowerConfig
  const decoder = p.at('caption')
  const embedding = tokenEmbedding(decoder, tower)
  const h = captionDecoder(decoder, grid, text, tower)
  const logNormalizer = h
    .reshape(-1, tower.width)
    .gather(predictPositions)
    .matmulTransposed(embedding)
    .logSumExp([-1], false) // [predicted]
  // The next token's logit is computed by itself: gathered from all logits, its gradient would be as large as they are.
  const nextLogit = h.mul(embedding.gather(nextIds)).sum([-1], false)
  const isPredicted = beforeEnd(text)
  const nll = logNormalizer.gather(predictIndex).sub(nextLogit).mul(isPredicted) // [batch, length]
  return { nll: nll.sum([-1], false), count: isPredicted.sum([-1], false) }
}

/** 1 before the end token, 0 from it on: `[batch, length]` */
const beforeEnd = ({ end, positions }: Captions['text']): Tensor =>
  end.cast('float32').sub(positions.cast('float32')).sign().relu()

/** `loss = Σ nll / Σ count`: the mean over all tokens of the batch, with teacher forcing. */
export const caption = {
  features: (p, { image, training, ...captions }, config) =>
    captionLoss(p, encodeGrid(p, image, config, { training }), captions, config),
  loss: (_, { nll, count }) => nll!.sum([0], false).div(count!.sum([0], false)),
  likelihood: {
    condition: (p, image, config) => encodeGrid(p, image, config),
    /** `log p(text | image) / length` */
    logProbability(p, condition, captions, config) {
      const { nll, count } = captionLoss(p, condition, captions, config)
      return nll.div(count).neg()
    },
  },
} satisfies Objective
