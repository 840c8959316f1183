// Fine-tuning with a classification head (§3.2; the recipe of WiSE-FT, Wortsman et al. 2022): the head is initialised as the
// zero-shot classifier.

import type { Tensor } from '../../graph/tensor.ts'
import { encodeImage, normalize } from '../../model/clip.ts'
import type { Objective } from '../../objectives/objective.ts'
import type { Classifier } from '../../zero-shot/classifier.ts'

export const headWeight = 'head.weight'
export const headBias = 'head.bias'

/**
 *     z = W · I / ‖I‖ + b,  loss = mean_i (log Σ_c exp z_ic − z_i,label(i))
 *
 * with `W` initialised to the zero-shot weights times `exp(t)`, and `b` to zero or the model's logit bias.
 */
export function classificationHead(classes: number): Objective {
  return {
    features(p, { image, label, training }, config) {
      const embedding = encodeImage(p, image, config, { training })
      const weights = p.get(headWeight, classes, config.embedDim)
      const logits = normalize(embedding).matmulTransposed(weights).add(p.get(headBias, classes))
      return { logits, label: label.cast('float32') }
    },
    loss: (_, { logits, label }) => crossEntropy(logits!, label!),
    choices: (_, { logits }) => logits!.argMax(1),
  }
}

/** The head's initial values by name. */
export function headOf({ weights, bias, names }: Classifier): (name: string) => Float32Array | undefined {
  const initial = new Map([
    [headWeight, weights],
    [headBias, bias ?? new Float32Array(names.length)],
  ])
  return (name) => initial.get(name)
}

/** The mean over a batch. @param logits `[batch, classes]` @param label class indices, `['batch']`, float32 */
export function crossEntropy(logits: Tensor, label: Tensor): Tensor {
  const labelLogit = logits.gatherElements(label.cast('int64').reshape(label.shape[0]!, 1), 1)
  return logits.logSumExp([1]).sub(labelLogit).mean([0, 1], false).is()
}
