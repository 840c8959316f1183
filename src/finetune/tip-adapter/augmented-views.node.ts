// Features of augmented views of the training images (Tip-Adapter averages ten views of each; Zhang et al., ECCV 2022, §4.1),
// computed once and cached.

import { join } from 'node:path'
import type { ImageInput, Many } from '../../clip/clip.ts'
import { orientationNotice } from '../../clip/notices.ts'
import { InputError } from '../../errors.ts'
import type { LabelledFeatures } from '../../evaluate/embed-samples.ts'
import type { Augmentation } from '../../image/augment.ts'
import type { RawImage } from '../../image/pixels.ts'
import { createImagePool, type ImagePool } from '../../image/pool.node.ts'
import { cachedFeatures, type FeatureEncoder } from '../features.node.ts'
import type { MethodProgress, Task } from '../method.ts'

/** The authors' augmentation: crops of at least half of the image, mirrored half of the time. */
export const viewAugmentation: Augmentation = { scale: [0.5, 1], ratio: [3 / 4, 4 / 3], flip: 0.5 }

/** @param count number of views of each training image; all have the same order of rows */
export async function* augmentedViews(task: Task, count: number): AsyncGenerator<MethodProgress, LabelledFeatures[]> {
  const { clip, train, out, settings } = task
  const { config, preprocessing, logitScale } = clip
  const { seed = 0, signal, maxPixels, exifRotate, onNotice } = settings
  const views: LabelledFeatures[] = []
  const pool = createImagePool({
    preprocessing,
    augmentation: viewAugmentation,
    maxPixels,
    exifRotate,
    onOrientation: onNotice && ((image) => onNotice(orientationNotice(image))),
  })
  try {
    for (let view = 0; view < count; view++) {
      const encoder: FeatureEncoder = {
        ...{ config, preprocessing, logitScale },
        name: `${clip.name}, view ${view} of seed ${seed}`,
        streamImages: (images, options) => clip.streamImages(augmented(images, pool, [seed, view]), options),
      }
      const file = join(out, 'features', `view-${view}.safetensors`)
      views.push(await cachedFeatures(encoder, train, file, { signal, exifRotate }))
      yield { kind: 'progress', what: 'views of each image', done: view + 1, of: count }
    }
    return views
  } finally {
    await pool.close()
  }
}

/** Images prepared ahead while the model runs. */
const ahead = 32

/** A random view of each image, as pixels of the model's input size, which the model does not resize. */
async function* augmented(
  images: Many<ImageInput>,
  pool: ImagePool,
  seeds: readonly number[],
): AsyncGenerator<ImageInput> {
  const waiting: Promise<ImageInput>[] = []
  let index = 0
  for await (const image of images as AsyncIterable<string | Uint8Array>) {
    const view = pool.preprocess(image, ['view', ...seeds, index++]).then(pixelsOf, (error: unknown) => {
      if (error instanceof InputError) return image // the model then reports the error in order
      throw error
    })
    view.catch(() => {})
    waiting.push(view)
    if (waiting.length >= ahead) yield waiting.shift()!
  }
  yield* waiting
}

/** `[3, n, n] → [n, n, 3]` */
function pixelsOf(planes: Uint8Array): RawImage {
  const area = planes.length / 3
  const size = Math.sqrt(area)
  const data = Uint8Array.from(planes, (_, i) => planes[(i % 3) * area + Math.floor(i / 3)]!)
  return { data, width: size, height: size, channels: 3 }
}
