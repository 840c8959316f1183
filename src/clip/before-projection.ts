// The image encoder without its last projection (I_f · W_i in Figure 3): the features of the paper's linear probes of Vision
// Transformers (appendix A.3).

import { constant } from '../graph/tensor.ts'
import type { Clip } from './clip.ts'
import { createClip } from './create-clip.ts'

/**
 * A model with image embeddings `[n, width]`: the same weights, with the identity matrix as projection and without the text encoder.
 * It shares the given model's threads; `dispose` gives back only what it has compiled itself.
 *
 * @returns the given model, if it is a ResNet, which has no such projection
 */
export function beforeProjection(clip: Clip): Clip {
  const { image } = clip.config
  if (image?.kind !== 'vision-transformer') return clip
  const { width } = image
  const identity = constant(
    Float32Array.from({ length: width * width }, (_, i) => (i % (width + 1) === 0 ? 1 : 0)),
    [width, width],
  )
  const { name, preprocessing, tokenizer, logitScale, logitBias, objective, notices, runtime } = clip
  return createClip({
    ...{ name, preprocessing, tokenizer, logitScale, logitBias, objective, notices, runtime },
    config: { embedDim: width, image },
    parameters: clip.parameters.with('visual.proj', identity),
    images: { preprocess: clip.preprocess, close: async () => {} },
  })
}
