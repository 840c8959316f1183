// Cross-entropy with a zero-shot classifier that is recomputed in each step (CLIP-LoRA's loss, §3.1): the classes' weights come
// from their prompts, so both encoders can be trained.

import { constant, type Tensor } from '../../graph/tensor.ts'
import { encodeImage, encodeText, normalize } from '../../model/clip.ts'
import type { ClipConfig } from '../../model/config.ts'
import type { Parameters } from '../../model/parameters.ts'
import { scaleBounds } from '../../objectives/contrastive.ts'
import type { Objective } from '../../objectives/objective.ts'
import { crossEntropy } from '../head/classification-head.ts'

/** The encoders that are not trained. */
export interface FrozenTowers {
  /** The image encoder is frozen: embeddings are read in place of pixels. */
  image?: boolean | undefined
  /** The text encoder is frozen: the classes' embeddings, `[classes, embedDim]`, normalised. */
  text?: Float32Array | undefined
}

/**
 *     T_c = normalize(mean_p normalize(text(prompt c, p))),  z = exp(t) · I / ‖I‖ · Tᵀ,  loss = cross-entropy of z
 *
 * @param prompts ids of each prompt from start to end; the prompts of a class are consecutive
 * @param perClass number of prompts of each class
 * @param frozen encoders that are not trained
 */
export function classPrompts(
  prompts: readonly (readonly number[])[],
  perClass: number,
  config: ClipConfig,
  frozen: FrozenTowers = {},
): Objective {
  const classes = prompts.length / perClass
  const build = (p: Parameters): Tensor => {
    if (frozen.text) return constant(frozen.text, [classes, config.embedDim])
    const prompt = normalize(encodeText(p, constantTexts(prompts), config))
    if (perClass === 1) return prompt
    return normalize(prompt.reshape(classes, perClass, config.embedDim).mean([1], false))
  }
  const built = new WeakMap<Parameters, Tensor>() // loss and choices share the weights: the text encoder is built once
  const classWeights = (p: Parameters): Tensor => {
    const weights = built.get(p) ?? build(p)
    built.set(p, weights)
    return weights
  }
  const logits = (p: Parameters, imageEmbedding: Tensor): Tensor =>
    normalize(imageEmbedding).matmulTransposed(classWeights(p)).mul(p.get('logit_scale').exp())
  return {
    features: (p, { image, embedding, label, training }) => ({
      imageEmbedding: frozen.image ? embedding : encodeImage(p, image, config, { training }),
      label: label.cast('float32'),
    }),
    loss: (p, { imageEmbedding, label }) => crossEntropy(logits(p, imageEmbedding!), label!),
    choices: (p, { imageEmbedding }) => logits(p, imageEmbedding!).argMax(1),
    bounds: scaleBounds,
    encodeText,
  }
}

/** Texts as constants of the graph. @param texts ids of each from start to end */
export function constantTexts(texts: readonly (readonly number[])[]) {
  const length = texts.reduce((longest, ids) => Math.max(longest, ids.length), 0)
  const padded = texts.flatMap((ids) => Array.from({ length }, (_, i) => ids[i] ?? 0))
  return {
    ids: constant(Int32Array.from(padded), [texts.length, length]),
    end: constant(
      BigInt64Array.from(texts, (ids) => BigInt(ids.length - 1)),
      [texts.length, 1],
    ),
    positions: constant(Int32Array.from(Array(length).keys()), [length]),
  }
}
