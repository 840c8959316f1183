// Bag-of-words prediction, the second curve of Figure 2: predict a caption's words from the image, in no order, after Joulin
// et al. (2016). The paper gives no details; the loss and the vocabulary are our choice (docs: objectives).

import type { Tensor } from '../graph/tensor.ts'
import { encodeImage, textConfig } from '../model/clip.ts'
import type { ClipConfig } from '../model/config.ts'
import type { Parameters } from '../model/parameters.ts'
import type { Captions, Objective } from './objective.ts'

/** `z = W x + b`, a logit for each token of the vocabulary: `[batch, embedDim] → [batch, vocabulary]` */
function wordLogits(p: Parameters, image: Tensor, config: ClipConfig): Tensor {
  const words = p.at('bag_of_words')
  const vocabulary = textConfig(config).vocabularySize
  return image.matmulTransposed(words.get('weight', vocabulary, config.embedDim)).add(words.get('bias', vocabulary))
}

/**
 * Weights by which each distinct word of a caption counts once, `y = K-hot / K`: a word that occurs m times gets 1/m each
 * time. All weights of a caption without words are 0. `[batch, length]`
 */
export function bagWeights({ text: { ids }, isWord }: Pick<Captions, 'text' | 'isWord'>): Tensor {
  const [batch, length] = ids.shape
  const word = ids.cast('float32')
  const difference = word.reshape(batch!, length!, 1).sub(word.reshape(batch!, 1, length!))
  const same = difference
    .mul(difference)
    .sign()
    .neg()
    .add(1)
    .mul(isWord.reshape(batch!, 1, length!))
  const occurrences = atLeastOne(same.sum([-1], false))
  const share = isWord.div(occurrences)
  return share.div(atLeastOne(share.sum([-1])))
}

/** `max(n, 1)` for counts */
const atLeastOne = (n: Tensor): Tensor => n.sub(1).relu().add(1)

/**
 *     z = W x + b,  x the image's embedding;  y_v = 1/K for the K distinct tokens of the caption, else 0
 *     loss = mean over examples of −Σ_v y_v log softmax(z)_v
 */
export const bagOfWords = {
  features(p, { image, training, ...captions }, config) {
    const z = wordLogits(p, encodeImage(p, image, config, { training }), config)
    const logP = z.gatherElements(captions.text.ids, 1).sub(z.logSumExp([-1])) // [batch, length]
    return { nll: logP.mul(bagWeights(captions)).sum([-1], false).neg() }
  },
  loss: (_, { nll }) => nll!.mean([0], false),
  likelihood: {
    condition(p, image, config) {
      const z = wordLogits(p, encodeImage(p, image, config), config)
      return z.sub(z.logSumExp([-1]))
    },
    /** The mean of `log softmax(z)_v` over a text's distinct tokens. */
    logProbability: (_, condition, captions) =>
      condition.reshape(-1).gather(captions.text.ids).mul(bagWeights(captions)).sum([-1], false),
    template: '{}',
  },
} satisfies Objective
