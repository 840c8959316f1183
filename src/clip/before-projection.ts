// What an image tower says before its last projection (I_f in Figure 3 of the paper): the features of the paper's linear
// probes of Vision Transformers (appendix A.3).

import { constant } from '../graph/tensor.ts'
import { type Clip, createClip } from './clip.ts'

/**
 * The same model, whose image embedding is `[n, width]`: the projection is answered as the identity. It has no text tower; its
 * weights, threads and images are the given model's, which `dispose` leaves as they are.
 *
 * @returns the given model, if it is a ResNet: its embedding comes right out of the attention pool
 */
export function beforeProjection(clip: Clip): Clip {
  const { image: tower, text: _, ...config } = clip.config
  if (tower?.kind !== 'vision-transformer') return clip
  const { width } = tower
  const identity = constant(
    Float32Array.from({ length: width * width }, (_, i) => (i % (width + 1) === 0 ? 1 : 0)),
    [width, width],
  )
  return createClip({
    ...clip,
    config: { ...config, embedDim: width, image: tower },
    parameters: clip.parameters.with('visual.proj', identity),
    images: { preprocess: clip.preprocess, close: async () => {} },
  })
}
