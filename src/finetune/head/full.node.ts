// Full fine-tuning of the image encoder with a head initialised as the zero-shot classifier (§3.2; the recipe of WiSE-FT).

import type { Adaptation } from '../../training/adaptation.ts'
import { writeClassifier } from '../../zero-shot/classifier-file.node.ts'
import type { Method, Task } from '../method.ts'
import { type AugmentOption, augmentOption, type LoopOptions, loopOptions } from '../options.ts'
import { trained } from '../training-loop.node.ts'
import { classificationHead, headBias, headOf, headWeight } from './classification-head.ts'

/** The image encoder and the head, trained by cross-entropy. */
export function fullAdaptation({ classes, words, zeroShot }: Pick<Task, 'classes' | 'words' | 'zeroShot'>): Adaptation {
  return {
    name: 'full',
    objective: classificationHead(classes.length),
    classes,
    initial: headOf(zeroShot),
    own: (name) => name === headWeight || name === headBias,
    save: (folder, values) =>
      writeClassifier(folder, { names: words, weights: values(headWeight), bias: values(headBias) }),
  }
}

export const fullRecipe = { learningRate: 3e-5, weightDecay: 0.1, epochs: 10, batch: 32, clipGradient: 1 }

export const full: Method<LoopOptions & AugmentOption> = {
  summary: 'the image encoder and a head initialised as the zero-shot classifier',
  defaults: fullRecipe,
  options: { ...loopOptions, ...augmentOption },
  run: (task) => trained(task, fullAdaptation(task), fullRecipe),
}
