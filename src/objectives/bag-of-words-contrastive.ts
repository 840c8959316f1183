// Bag-of-words contrastive, the third curve of Figure 2: CLIP's objective with the `CBOW` of Figure 3 for a text encoder.

import type { Tensor } from '../graph/tensor.ts'
import { encodeImage } from '../model/clip.ts'
import type { ClipConfig } from '../model/config.ts'
import type { Parameters } from '../model/parameters.ts'
import type { TextInputs } from '../model/text-transformer.ts'
import { contrastive } from './contrastive.ts'
import type { Objective } from './objective.ts'

/**
 * The mean of the words' embeddings, brought to the joint space: `[batch, length] → [batch, embedDim]`, not normalised.
 * A text without words is its start token, so that it has a direction too.
 */
export function continuousBagOfWords(
  p: Parameters,
  { ids, end, positions }: TextInputs,
  { text: tower, embedDim }: ClipConfig,
): Tensor {
  if (!tower) throw new Error('the configuration has no text tower, whose width and vocabulary the words have')
  const { vocabularySize, width } = tower
  const [batch, length] = ids.shape
  const at = positions.cast('float32')
  const afterStart = at.sign()
  const words = end.cast('float32').sub(at).sign().relu().mul(afterStart) // [batch, length]
  const none = words.sum([-1]).sign().neg().add(1)
  const bag = words.add(none.mul(afterStart.neg().add(1)))
  const share = bag.div(bag.sum([-1])).reshape(batch!, 1, length!)
  const embedded = p.get('token_embedding.weight', vocabularySize, width).gather(ids) // [batch, length, width]
  const mean = share.matmul(embedded).reshape(batch!, width)
  return mean.matmul(p.get('text_projection', width, embedDim))
}

export const bagOfWordsContrastive = {
  features: (p, { image, text, training }, config) => ({
    imageEmbedding: encodeImage(p, image, config, { training }),
    textEmbedding: encodeBagOfWords(p, text, config),
  }),
  loss: contrastive.loss,
  choices: contrastive.choices,
  bounds: contrastive.bounds,
  encodeText: encodeBagOfWords,
} satisfies Objective

function encodeBagOfWords(p: Parameters, text: TextInputs, config: ClipConfig): Tensor {
  return continuousBagOfWords(p.at('cbow'), text, config)
}
