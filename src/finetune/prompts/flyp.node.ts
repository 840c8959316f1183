// FLYP (Goyal et al. 2023, "Finetune like you pretrain"): continues with the contrastive loss, over images and their classes'
// prompts. Both encoders are trained, and the result is used zero-shot.

import { contrastive } from '../../objectives/contrastive.ts'
import type { Adaptation } from '../../training/adaptation.ts'
import type { Method } from '../method.ts'
import { type AugmentOption, augmentOption, type LoopOptions, loopOptions } from '../options.ts'
import { trained } from '../training-loop.node.ts'

/** Images of the same class in a batch are each other's negatives, as in the authors' code. */
export const flypAdaptation: Adaptation = { name: 'flyp', objective: contrastive }

const recipe = { learningRate: 1e-5, weightDecay: 0.1, epochs: 10, batch: 32 }

export const flyp: Method<LoopOptions & AugmentOption> = {
  summary: "CLIP's contrastive loss over images and class prompts; trains both encoders",
  defaults: recipe,
  options: { ...loopOptions, ...augmentOption },
  run: (task) => trained(task, flypAdaptation, recipe),
}
