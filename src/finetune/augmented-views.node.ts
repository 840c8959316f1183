// Augmented views of pictures through a frozen tower (Tip-Adapter averages ten of each; Zhang et al., ECCV 2022, §4.1): each
// view's features are computed once and kept like those of the pictures themselves.

import { join } from 'node:path'
import { InputError } from '../errors.ts'
import type { LabelledFeatures } from '../evaluate/embed-samples.ts'
import type { Augmentation } from '../image/augment.ts'
import { createImagePool, type ImagePool } from '../image/pool.node.ts'
import type { Clip, ImageInput, Many } from '../load.ts'
import { orientationNotice } from '../orientation-notice.ts'
import { cachedFeatures } from './features.node.ts'
import type { MethodProgress, Task } from './method.ts'

/** Half of the picture at least, and as often mirrored as not, as its authors have it. */
export const viewAugmentation: Augmentation = { scale: [0.5, 1], ratio: [3 / 4, 4 / 3], flip: 0.5 }

/** @param count how many views of each training picture; their rows stand in the same order */
export async function* augmentedViews(task: Task, count: number): AsyncGenerator<MethodProgress, LabelledFeatures[]> {
  const { clip, train, out, settings } = task
  const { seed = 0, signal, maxPixels, exifRotate, onNotice } = settings
  const views: LabelledFeatures[] = []
  const pool = createImagePool({
    preprocessing: clip.preprocessing,
    augmentation: viewAugmentation,
    maxPixels,
    exifRotate,
    onOrientation: onNotice && ((image) => onNotice(orientationNotice(image))),
  })
  try {
    for (let view = 0; view < count; view++) {
      const streamImages = through(clip, pool, [seed, view])
      const seeing = { ...clip, name: `${clip.name}, view ${view} of seed ${seed}`, streamImages }
      const file = join(out, 'features', `view-${view}.safetensors`)
      views.push(await cachedFeatures(seeing, train, file, { signal, exifRotate }))
      yield { kind: 'progress', what: 'views of each picture', done: view + 1, of: count }
    }
    return views
  } finally {
    await pool.close()
  }
}

/** Pictures in preparation while the model reads others. */
const ahead = 32

/** `streamImages`, of pictures that are augmented first. The model leaves pixels of its own size as they are. */
function through(clip: Clip, pool: ImagePool, seeds: readonly number[]): Clip['streamImages'] {
  const { size } = clip.preprocessing
  async function* views(many: Many<ImageInput>): AsyncGenerator<ImageInput> {
    const waiting: Promise<ImageInput>[] = []
    let place = 0
    for await (const image of many as AsyncIterable<string | Uint8Array>) {
      const view = pool.preprocess(image, ['view', ...seeds, place++]).then(
        (planes) => ({ data: interleaved(planes), width: size, height: size, channels: 3 as const }),
        (error: unknown) => {
          if (error instanceof InputError) return image // the model refuses it in its turn, and says why
          throw error
        },
      )
      view.catch(() => {})
      waiting.push(view)
      if (waiting.length >= ahead) yield waiting.shift()!
    }
    yield* waiting
  }
  return (many, options) => clip.streamImages(views(many), options)
}

/** `[3, n, n] → [n, n, 3]` */
function interleaved(planes: Uint8Array): Uint8Array {
  const area = planes.length / 3
  return Uint8Array.from(planes, (_, i) => planes[(i % 3) * area + Math.floor(i / 3)]!)
}
