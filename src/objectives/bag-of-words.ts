// Bag-of-words prediction, the second curve of Figure 2: tell a caption's words from the image, in no order, after
// Joulin et al. (2016). The paper says no more than that; the loss and the vocabulary are our choice (docs: objectives).

import type { Tensor } from '../graph/tensor.ts'
import { encodeImage } from '../model/clip.ts'
import type { ClipConfig } from '../model/config.ts'
import type { Parameters } from '../model/parameters.ts'
import type { Captions, Objective } from './objective.ts'

/** `z = W x + b`, how much each word of the vocabulary fits: `[batch, embedDim] → [batch, vocabulary]` */
function wordLogits(p: Parameters, image: Tensor, config: ClipConfig): Tensor {
  const words = p.at('bag_of_words')
  const vocabulary = vocabularyOf(config)
  return image.matmulTransposed(words.get('weight', vocabulary, config.embedDim)).add(words.get('bias', vocabulary))
}

/** The tokens that can be a word: all that there are. */
export function vocabularyOf({ text }: ClipConfig): number {
  if (!text) throw new Error('the configuration has no text tower, whose vocabulary the words are of')
  return text.vocabularySize
}

/**
 * Weights that make each distinct word of a caption count once, `y = K-hot / K`: a word that is there m times has the
 * m-th part each time. A caption without words has no weights. `[batch, length]`
 */
export function bagWeights({ text: { ids }, isWord }: Pick<Captions, 'text' | 'isWord'>): Tensor {
  const [batch, length] = ids.shape
  const word = ids.cast('float32')
  const apart = word.reshape(batch!, length!, 1).sub(word.reshape(batch!, 1, length!))
  const same = apart
    .mul(apart)
    .sign()
    .neg()
    .add(1)
    .mul(isWord.reshape(batch!, 1, length!))
  const times = atLeastOne(same.sum([-1], false))
  const share = isWord.div(times)
  return share.div(atLeastOne(share.sum([-1])))
}

/** Of counts: `max(n, 1)` */
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
    /** The mean over a class name's distinct tokens of `log softmax(z)_v`. */
    logProbability: (_, condition, captions) =>
      condition.reshape(-1).gather(captions.text.ids).mul(bagWeights(captions)).sum([-1], false),
    template: '{}',
  },
} satisfies Objective
