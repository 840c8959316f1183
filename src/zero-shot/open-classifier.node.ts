// What a model classifies with: the trained classifier of its folder, or labels in words (§3.1).

import type { Clip } from '../clip/clip.ts'
import { UsageError } from '../errors.ts'
import { type Classifier, narrowed } from './classifier.ts'
import { readClassifier } from './classifier-file.node.ts'
import { classifierScorer, type Scorer, type ScorerOptions, zeroShotScorer } from './scorer.ts'

/** What a model classifies with. */
export interface OpenedClassifier {
  /** The trained classifier of the model's folder, if there is one. */
  readonly trained: Classifier | undefined
  /** The encoders that it needs, for `load`: a trained classifier needs no text encoder. */
  readonly towers: readonly ('image' | 'text')[]
  /**
   * @param clip the loaded model
   * @param labels default: all classes of the trained classifier
   * @throws UsageError for a label that the trained classifier does not know, or without labels if there is none
   */
  scorer(clip: Clip, labels?: readonly string[], options?: ScorerOptions): Promise<Scorer>
}

/**
 * Decides what a model classifies with: the trained classifier of its folder, or labels.
 *
 * @param model as for `load`
 * @throws UsageError for templates beside a trained classifier, which has no prompts
 *
 * @example
 * ```ts
 * import { load, openClassifier } from 'typeclip'
 *
 * const opened = await openClassifier('run') // a folder that `finetune` wrote, or any other model
 * const clip = await load('run', { towers: opened.towers })
 * const scorer = await opened.scorer(clip, opened.trained ? undefined : ['cat', 'dog'])
 * for await (const result of scorer.scores('photo.jpg')) if ('scores' in result) console.log(scorer.names, result.scores)
 * ```
 */
export async function openClassifier(
  model: string | undefined,
  {
    templates = [],
  }: {
    /** Prompt templates that the user gave. */
    templates?: readonly string[] | undefined
  } = {},
): Promise<OpenedClassifier> {
  const trained = model === undefined ? undefined : await readClassifier(model)
  if (trained && templates.length > 0) {
    throw new UsageError(
      `${model} predicts with its trained classifier, which has no prompts; leave \`templates\` out`,
      { option: 'templates' },
    )
  }
  return {
    trained,
    towers: trained ? ['image'] : ['image', 'text'],
    async scorer(clip, labels, options) {
      if (trained) return classifierScorer(clip, labels ? narrowed(trained, labels) : trained)
      if (labels) return zeroShotScorer(clip, labels, options)
      throw new UsageError(`${clip.name} has no trained classifier; give labels`)
    },
  }
}
