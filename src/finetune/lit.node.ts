// Locked-image tuning (LiT, Zhai et al. 2022): the image tower is locked, the text tower learns to fit it. What a locked
// tower gives for a picture is computed once.

import { encodeText } from '../model/clip.ts'
import { contrastive, infoNce, scaleBounds } from '../objectives/contrastive.ts'
import type { Objective } from '../objectives/objective.ts'
import type { Adaptation } from '../training/adaptation.ts'
import { type CachedFeatures, embeddingsByKey } from './features.node.ts'
import type { Method } from './method.ts'
import { trained } from './trained.node.ts'

/** The contrastive objective over embeddings of pictures that are there already. */
export const lockedImage: Objective = {
  features: (p, { embedding, text }, config) => ({
    imageEmbedding: embedding,
    textEmbedding: encodeText(p, text, config),
  }),
  loss: (p, { imageEmbedding, textEmbedding }) => infoNce(imageEmbedding!, textEmbedding!, p.get('logit_scale')),
  choices: contrastive.choices,
  bounds: scaleBounds,
  encodeText,
}

/** @param features of every picture that is learnt from or judges */
export const litAdaptation = (features: readonly CachedFeatures[]): Adaptation => ({
  name: 'lit',
  objective: lockedImage,
  embeddings: embeddingsByKey(features),
})

/** LiT's own rates are for text towers trained from nothing; one that is trained takes a rate as fine-tuning does. */
const recipe = { learningRate: 2.5e-5, weightDecay: 0.1, epochs: 10, batch: 32 }

export const lit: Method = {
  summary: 'the text tower alone, by the contrastive loss; the image tower is locked',
  defaults: recipe,
  async *run(task) {
    const features = [await task.features('train'), await task.features('val')]
    return yield* trained(task, litAdaptation(features), recipe)
  },
}
