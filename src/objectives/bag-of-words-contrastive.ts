// Bag-of-words contrastive, the third curve of Figure 2: CLIP's objective with Figure 3's `CBOW` as the text encoder.

import type { Tensor } from '../graph/tensor.ts'
import { encodeImage, textConfig } from '../model/clip.ts'
import type { ClipConfig } from '../model/config.ts'
import type { Parameters } from '../model/parameters.ts'
import type { TextInputs } from '../model/text-transformer.ts'
import { contrastive } from './contrastive.ts'
import type { Objective } from './objective.ts'

/**
 * The mean of the word embeddings, projected into the joint space: `[batch, length] → [batch, embedDim]`, not normalised. A
 * text without words is represented by its start token, so that it can be normalised.
 */
function continuousBagOfWords(p: Parameters, { ids, end, positions }: TextInputs, config: ClipConfig): Tensor {
  const { embedDim } = config
  const { vocabularySize, width } = textConfig(config)
  const [batch, length] = ids.shape
  const position = positions.cast('float32')
  const afterStart = position.sign() // 0 for the start token, else 1
  const isWord = end.cast('float32').sub(position).sign().relu().mul(afterStart) // [batch, length]
  const isEmpty = isWord.sum([-1]).sign().neg().add(1) // [batch, 1]
  const bag = isWord.add(isEmpty.mul(afterStart.neg().add(1)))
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
