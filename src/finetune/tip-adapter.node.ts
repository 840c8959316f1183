// Tip-Adapter and Tip-Adapter-F (Zhang et al., ECCV 2022) as methods: views of the pictures, a cache, and the search.

import { UsageError } from '../errors.ts'
import type { KeyValueCache } from '../zero-shot/key-value-cache.ts'
import { augmentedViews } from './augmented-views.node.ts'
import type { FinetuneSettings, Method, Task } from './method.ts'
import { cacheOf, createTipAdapter } from './tip-adapter.ts'
import { keysRecipe, trainKeys } from './tip-adapter-keys.ts'
import { searchAlphaBeta } from './tip-adapter-search.ts'
import { unitFeatures } from './unit-features.ts'

/** Augmented views of each picture, the authors' `augment_epoch`. */
const views = 10

async function* run(task: Task, keysAre: 'kept' | 'trained'): ReturnType<Method['run']> {
  const { clip, classes, words, zeroShot, settings } = task
  if (settings.steps !== undefined)
    throw new UsageError('Tip-Adapter-F trains in `epochs`; `steps` has no meaning for it')
  const val = unitFeatures(await task.features('val'), classes)
  const seen = yield* augmentedViews(task, views)
  for (const skipped of seen[0]!.skipped) yield { kind: 'skipped', ...skipped }
  let cache: KeyValueCache = cacheOf(seen)
  const adapter = await createTipAdapter(clip.runtime, zeroShot, cache)
  try {
    if (keysAre === 'trained') {
      const { seed = 0, signal } = settings
      const each = seen.map((view) => unitFeatures(view, classes))
      cache = yield* trainKeys(adapter, cache, each, val, { ...recipe(settings), seed, signal })
    }
    const { alpha, beta, accuracy } = yield* searchAlphaBeta(adapter, val, cache)
    await task.answerWith({ ...zeroShot, names: words, cache: { ...cache, alpha, beta } })
    return { trained: cache.values.length, alpha, beta, views, searched: accuracy }
  } finally {
    await adapter.dispose()
  }
}

const recipe = ({ epochs, learningRate, batch, weightDecay }: FinetuneSettings) => ({
  epochs: epochs ?? keysRecipe.epochs,
  learningRate: learningRate ?? keysRecipe.learningRate,
  batch: batch ?? keysRecipe.batch,
  weightDecay: weightDecay ?? keysRecipe.weightDecay,
})

export const tipAdapter: Method = {
  summary: 'zero-shot beside a cache of the pictures; nothing is trained',
  defaults: {},
  run: (task) => run(task, 'kept'),
}

export const tipAdapterF: Method = {
  summary: "Tip-Adapter with the cache's keys trained",
  defaults: keysRecipe,
  run: (task) => run(task, 'trained'),
}
