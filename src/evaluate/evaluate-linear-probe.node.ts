// Fits a linear probe to one labelled data set and evaluates it on another.

import { beforeProjection } from '../clip/before-projection.ts'
import type { Clip } from '../clip/clip.ts'
import { type DataInput, sourceOf } from '../data/given.node.ts'
import type { Skipped, Source } from '../data/sample.ts'
import { UsageError } from '../errors.ts'
import { createRandom } from '../random.ts'
import { type LabelledFeatures, labelledFeatures, samplesAt } from './embed-samples.ts'
import { type ClassificationResult, evaluateClassifier, type JudgeOptions } from './evaluate-classifier.node.ts'
import { classNames, firstFive, refuseEmptyClasses, severalClasses } from './labelled-data.ts'
import { type LinearProbe, type LinearProbeOptions, linearProbe } from './linear-probe.ts'

/** Options of `evaluateLinearProbe`. */
export interface EvaluateLinearProbeOptions
  extends Omit<JudgeOptions, 'words' | 'calibration'>,
    Pick<LinearProbeOptions, 'C' | 'onFit'> {
  /** Chooses the penalty on a random tenth of the training images, then fits to all of them. */
  sweep?: boolean | undefined
  /** Uses a Vision Transformer's features before the projection, as the paper does, in place of embeddings. */
  beforeProjection?: boolean | undefined
  /** Seed of that tenth. Default: 0. */
  seed?: number | undefined
}

/** How well a linear probe does on labelled images, and the probe itself. */
export interface LinearProbeResult extends ClassificationResult {
  probe: LinearProbe
  /** Training images, and those of them that could not be used. */
  trained: { n: number; skipped: Skipped[] }
  /** Numbers of an image that were learnt from. */
  width: number
}

/**
 * A linear probe fitted on training images and measured on test images (§3.2 of the paper).
 *
 * @throws UsageError for test images of classes that were not trained on, and for a training class without a usable image
 *
 * @example
 * ```ts
 * import { load } from 'typeclip'
 * import { evaluateLinearProbe } from 'typeclip/evaluate'
 *
 * const { top1 } = await evaluateLinearProbe(await load(), 'train-photos', 'test-photos', { sweep: true })
 * ```
 */
export async function evaluateLinearProbe(
  clip: Clip,
  trainData: DataInput,
  testData: DataInput,
  { beforeProjection: unprojected = false, ...options }: EvaluateLinearProbeOptions = {},
): Promise<LinearProbeResult> {
  const opening = { classes: true, signal: options.signal }
  const [train, test] = [await sourceOf(trainData, opening), await sourceOf(testData, opening)]
  if (!unprojected) return probed(clip, train, test, options)
  const tower = beforeProjection(clip)
  try {
    return await probed(tower, train, test, options)
  } finally {
    if (tower !== clip) await tower.dispose()
  }
}

async function probed(
  clip: Clip,
  train: Source,
  test: Source,
  { C, sweep = false, seed = 0, onFit, ...options }: Omit<EvaluateLinearProbeOptions, 'beforeProjection'>,
): Promise<LinearProbeResult> {
  const known = severalClasses(train)
  const strange = classNames(test).filter((name) => !known.includes(name))
  if (strange.length > 0) {
    throw new UsageError(
      `${test.name} has classes that ${train.name} has not: ${firstFive(strange)}; both need the same classes`,
    )
  }
  const { signal } = options
  const features = await labelledFeatures(clip, train, options)
  refuseEmptyClasses(train, features.names, features.labels, features.skipped)
  const chosen = sweep ? await sweptC(clip, features, { seed, signal, onFit }) : { C, sweep: [] }
  const probe = { ...(await linearProbe(clip.runtime, features, { C: chosen.C, signal })), sweep: chosen.sweep }
  return {
    ...(await evaluateClassifier(clip, probe.classifier, test, options)),
    probe,
    trained: { n: features.labels.length, skipped: features.skipped },
    width: features.features.shape[1],
  }
}

async function sweptC(
  clip: Clip,
  all: LabelledFeatures,
  { seed, ...options }: { seed: number } & Pick<LinearProbeOptions, 'signal' | 'onFit'>,
): Promise<Pick<LinearProbe, 'C' | 'sweep'>> {
  const order = createRandom('held out', seed, 0).shuffle(Uint32Array.from(all.labels, (_, i) => i))
  const held = Math.max(1, Math.floor(order.length / 10))
  const [validation, rest] = [samplesAt(all, order.subarray(0, held)), samplesAt(all, order.subarray(held))]
  return linearProbe(clip.runtime, rest, { validation, ...options })
}
