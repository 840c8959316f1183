// Prompt ensembling (§3.1.4): a class's weights are the mean of its prompts' normalised embeddings, normalised again.

import type { Clip, EncodeTextOptions } from '../clip/clip.ts'
import { unit } from '../clip/embeddings.ts'
import { inputName } from '../clip/input-name.ts'
import { rowRange, rowsOf, stackRows } from '../clip/matrix.ts'
import { anything, checkOptions, listOf } from '../clip/options.ts'
import { InputError, UsageError } from '../errors.ts'
import { type Classifier, checkLabels } from './classifier.ts'
import { checkTemplates, defaultTemplates, fillTemplates } from './prompts.ts'

/** Options of `zeroShotClassifier`. */
export interface ZeroShotOptions extends EncodeTextOptions {
  /** Prompt templates, each with `{}` for the label. Default: `a photo of a {}.` alone. */
  templates?: readonly string[] | undefined
}

export const zeroShotRules = {
  templates: listOf({ is: (value) => typeof value === 'string', expected: 'prompt templates' }),
  onLong: anything, // `encodeText` checks it, as it does the signal
  signal: anything,
  normalize: anything,
}

/**
 * A zero-shot classifier (§3.1): the weights of a class are the normalised mean of its prompts' normalised embeddings
 * (prompt ensembling, §3.1.4), times the model's logit scale. Keep it to classify many images.
 *
 * @throws UsageError without labels, or for a template without `{}`
 *
 * @example
 * ```ts
 * import { classify, load, zeroShotClassifier } from 'typeclip'
 *
 * const clip = await load()
 * const classifier = await zeroShotClassifier(clip, ['cat', 'dog'])
 * for (const image of ['1.jpg', '2.jpg']) console.log(await classify(clip, image, classifier))
 * ```
 */
export async function zeroShotClassifier(
  clip: Clip,
  names: readonly string[],
  options: ZeroShotOptions = {},
): Promise<Classifier> {
  checkOptions(options, zeroShotRules, 'zeroShotClassifier')
  const { templates = defaultTemplates, onLong, signal } = options
  const prompts = promptsOf(names, templates)
  const embeddings = await clip.encodeText(prompts, { onLong, signal, normalize: true }).catch((error: unknown) => {
    throw ofLabel(error, names, templates)
  })
  const width = embeddings.shape[1]
  const rows = names.map((_, i) => {
    const mean = new Float32Array(width)
    for (const prompt of rowsOf(rowRange(embeddings, i * templates.length, (i + 1) * templates.length))) {
      for (let c = 0; c < width; c++) mean[c]! += prompt[c]! / templates.length
    }
    return unit(mean).map((x) => x * clip.logitScale)
  })
  const bias = clip.logitBias ? new Float32Array(names.length).fill(clip.logitBias) : undefined
  return { names, weights: stackRows(rows, width).data, bias }
}

/** The error of a prompt as that of its label. */
export function ofLabel(error: unknown, names: readonly string[], templates: readonly string[]): unknown {
  if (!(error instanceof InputError) || error.index === undefined) return error
  const index = Math.floor(error.index / templates.length)
  return Object.assign(error, { index, input: inputName(names[index]) })
}

/**
 * Every name in every template: all prompts of the first name, then of the second.
 *
 * @throws UsageError if there is no name, a blank one, or a template without a place for it
 */
export function promptsOf(names: readonly string[], templates: readonly string[]): string[] {
  checkLabels(names)
  if (names.length === 0) throw new UsageError('no labels were given; at least one is needed')
  const blank = names.findIndex((name) => name.trim() === '')
  if (blank >= 0) throw new UsageError(`label ${blank + 1} of ${names.length} is blank and has no words; leave it out`)
  checkTemplates(templates)
  return names.flatMap((name) => fillTemplates(templates, name))
}
