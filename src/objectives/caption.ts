// Caption prediction by a transformer language model, the first curve of Figure 2: write the caption, a token after the
// other, from the image. How the paper's model sees the image is not said; ours is in model/caption-decoder.ts.

import type { Tensor } from '../graph/tensor.ts'
import { captionDecoder, wordEmbedding } from '../model/caption-decoder.ts'
import { encodeGrid } from '../model/clip.ts'
import type { ClipConfig, TextTowerConfig } from '../model/config.ts'
import type { Parameters } from '../model/parameters.ts'
import type { Captions, Objective } from './objective.ts'

/**
 * Of each caption, what its tokens cost together and how many they are (all words and the end):
 *
 *     z_t = E h_t,  h_t the decoder's output at position t,  E the token embeddings
 *     nll = Σ_t log Σ_v exp z_tv − z_t,next(t)
 */
function shares(
  p: Parameters,
  grid: Tensor,
  { text, nextIds, predictPositions, predictIndex }: Captions,
  config: ClipConfig,
) {
  const tower = config.text as TextTowerConfig
  const decoder = p.at('caption')
  const embedding = wordEmbedding(decoder, tower)
  const h = captionDecoder(decoder, grid, text, tower)
  const any = h.reshape(-1, tower.width).gather(predictPositions).matmulTransposed(embedding).logSumExp([-1], false) // [predicted]
  // The one word's logit by itself: taken out of all of them, its gradient would be as large as they are.
  const right = h.mul(embedding.gather(nextIds)).sum([-1], false)
  const counts = beforeEnd(text)
  const cost = any.gather(predictIndex).sub(right).mul(counts)
  return { nll: cost.sum([-1], false), count: counts.sum([-1], false) }
}

/** 1 at the positions that have a token after them, 0 from the end on: `[batch, length]` */
const beforeEnd = ({ end, positions }: Captions['text']): Tensor =>
  end.cast('float32').sub(positions.cast('float32')).sign().relu()

/** `loss = Σ nll / Σ count`: the mean over all tokens of the batch, teacher forced. */
export const caption = {
  features: (p, { image, training, ...captions }, config) =>
    shares(p, encodeGrid(p, image, config, { training }), captions, config),
  loss: (_, { nll, count }) => nll!.sum([0], false).div(count!.sum([0], false)),
  likelihood: {
    condition: (p, image, config) => encodeGrid(p, image, config),
    /** `log p(text | image)` by its length. */
    logProbability(p, condition, captions, config) {
      const { nll, count } = shares(p, condition, captions, config)
      return nll.div(count).neg()
    },
    template: 'a photo of a {}.',
  },
} satisfies Objective
