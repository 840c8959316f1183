// Classification by words that are learnt with (CLIP-LoRA's loss; the zero-shot classifier of §3.1, trained): each step
// computes the classes' weights from their prompts, so both towers can change.

import { constant, type Tensor } from '../graph/tensor.ts'
import { encodeImage, encodeText, normalize } from '../model/clip.ts'
import type { ClipConfig } from '../model/config.ts'
import type { Parameters } from '../model/parameters.ts'
import { scaleBounds } from '../objectives/contrastive.ts'
import type { Objective } from '../objectives/objective.ts'
import { crossEntropy } from './classification-head.ts'

export interface FrozenTowers {
  /** The image tower's: a picture's embedding is read in place of its pixels. */
  image?: boolean | undefined
  /** The text tower's classes, computed once: `[classes, embedDim]`, of unit length. */
  text?: Float32Array | undefined
}

/**
 *     T_c = normalize(mean_p normalize(text(prompt c, p))),  z = exp(t) · I / ‖I‖ · Tᵀ,  loss = cross-entropy of z
 *
 * Batch normalisation stays what it was: its statistics are no class's, and few pictures have few.
 *
 * @param prompts ids of each prompt from start to end, those of a class after each other
 * @param perClass prompts of each class
 * @param frozen towers that nothing is trained in
 */
export function classPrompts(
  prompts: readonly (readonly number[])[],
  perClass: number,
  config: ClipConfig,
  frozen: FrozenTowers = {},
): Objective {
  const classes = prompts.length / perClass
  const classWeights = once((p: Parameters): Tensor => {
    if (frozen.text) return constant(frozen.text, [classes, config.embedDim])
    const each = normalize(encodeText(p, constantTexts(prompts), config))
    if (perClass === 1) return each
    return normalize(each.reshape(classes, perClass, config.embedDim).mean([1], false))
  })
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

/** Loss and choices ask for the same weights: one text tower serves both. */
function once<P extends object>(build: (p: P) => Tensor): (p: P) => Tensor {
  const built = new WeakMap<P, Tensor>()
  return (p) => {
    const known = built.get(p) ?? build(p)
    built.set(p, known)
    return known
  }
}

/** Texts that are part of the graph, each from start to end. */
export function constantTexts(texts: readonly (readonly number[])[]) {
  const length = texts.reduce((longest, ids) => Math.max(longest, ids.length), 0)
  const padded = texts.flatMap((ids) => Array.from({ length }, (_, i) => ids[i] ?? 0))
  return {
    ids: constant(Int32Array.from(padded), [texts.length, length]),
    end: constant(
      BigInt64Array.from(texts, (ids) => BigInt(ids.length - 1)),
      [texts.length, 1],
    ),
    positions: constant(
      Int32Array.from({ length }, (_, i) => i),
      [length],
    ),
  }
}
