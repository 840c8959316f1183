// Tip-Adapter and Tip-Adapter-F (Zhang et al., ECCV 2022) as methods: augmented views, a cache, and the search.

import type { KeyValueCache } from '../../zero-shot/key-value-cache.ts'
import type { Method, MethodRun, Task } from '../method.ts'
import { type EpochOptions, epochOptions } from '../options.ts'
import { unitFeatures } from '../unit-features.ts'
import { augmentedViews } from './augmented-views.node.ts'
import { keysRecipe, trainKeys } from './keys.ts'
import { searchAlphaBeta } from './search.ts'
import { cacheOf, createTipAdapter } from './tip-adapter.ts'

/** Augmented views of each image, the authors' `augment_epoch`. */
const views = 10

async function* run(task: Task<EpochOptions>, keys: 'fixed' | 'trained'): MethodRun {
  const { clip, classes, words, zeroShot, settings } = task
  const val = unitFeatures(await task.features('val'), classes)
  const viewFeatures = yield* augmentedViews(task, views)
  for (const skipped of viewFeatures[0]!.skipped) yield { kind: 'skipped', ...skipped }
  let cache: KeyValueCache = cacheOf(viewFeatures)
  const adapter = await createTipAdapter(clip.runtime, zeroShot, cache)
  try {
    if (keys === 'trained') {
      const { seed = 0, signal } = settings
      const normalized = viewFeatures.map((view) => unitFeatures(view, classes))
      cache = yield* trainKeys(adapter, cache, normalized, val, { ...recipe(settings), seed, signal })
    }
    const { alpha, beta, accuracy } = yield* searchAlphaBeta(adapter, val, cache)
    await task.answerWith({ ...zeroShot, names: words, cache: { ...cache, alpha, beta } })
    return { trained: cache.values.length, alpha, beta, views, searched: accuracy }
  } finally {
    await adapter.dispose()
  }
}

const recipe = ({ epochs, learningRate, batch, weightDecay }: EpochOptions) => ({
  epochs: epochs ?? keysRecipe.epochs,
  learningRate: learningRate ?? keysRecipe.learningRate,
  batch: batch ?? keysRecipe.batch,
  weightDecay: weightDecay ?? keysRecipe.weightDecay,
})

export const tipAdapter: Method = {
  summary: 'zero-shot plus a cache of the training images; nothing is trained',
  defaults: {},
  options: {},
  run: (task) => run(task, 'fixed'),
}

export const tipAdapterF: Method<EpochOptions> = {
  summary: "Tip-Adapter with the cache's keys trained",
  defaults: keysRecipe,
  options: epochOptions,
  run: (task) => run(task, 'trained'),
}
