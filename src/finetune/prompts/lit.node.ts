// Locked-image tuning (LiT, Zhai et al. 2022): the image encoder is frozen and its embeddings computed once; the text encoder is
// trained.

import type { LabelledFeatures } from '../../evaluate/embed-samples.ts'
import { encodeText } from '../../model/clip.ts'
import { contrastive, infoNce, scaleBounds } from '../../objectives/contrastive.ts'
import type { Objective } from '../../objectives/objective.ts'
import type { Adaptation } from '../../training/adaptation.ts'
import { embeddingsByKey } from '../features.node.ts'
import type { Method } from '../method.ts'
import { type LoopOptions, loopOptions } from '../options.ts'
import { trained } from '../training-loop.node.ts'

/** The contrastive objective over precomputed image embeddings. */
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

/** @param features of all training and validation images */
export const litAdaptation = (features: readonly LabelledFeatures[]): Adaptation => ({
  name: 'lit',
  objective: lockedImage,
  embeddings: embeddingsByKey(features),
})

/** LiT's published rates are for text encoders trained from scratch; a pretrained one takes a fine-tuning rate. */
const recipe = { learningRate: 2.5e-5, weightDecay: 0.1, epochs: 10, batch: 32 }

export const lit: Method<LoopOptions> = {
  summary: 'the text encoder alone, by the contrastive loss; the image encoder is frozen',
  defaults: recipe,
  options: loopOptions,
  async *run(task) {
    const features = [await task.features('train'), await task.features('val')]
    return yield* trained(task, litAdaptation(features), recipe)
  },
}
