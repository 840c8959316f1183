// Validates a model in training (§3.1): the objective's loss over the validation set, and zero-shot accuracy if it has
// several classes, else retrieval.

import type { Clip } from '../clip/clip.ts'
import { load } from '../clip/load.node.ts'
import type { Skipped, Source } from '../data/sample.ts'
import { evaluateRetrieval } from '../evaluate/evaluate-retrieval.node.ts'
import { evaluateZeroShot } from '../evaluate/evaluate-zero-shot.node.ts'
import type { Validate } from './train-options.ts'

/** Options of `validateOn`. */
export interface ValidateOptions {
  /** Prompt templates of zero-shot classification, each with `{}` for the class. Default: the objective's. */
  templates?: readonly string[] | undefined
  threads?: number | undefined
  /** Images of more pixels are skipped. */
  maxPixels?: number | undefined
  /** Rotates images upright by their EXIF orientation, as `TrainOptions.exifRotate` does with training images. */
  exifRotate?: boolean | undefined
  signal?: AbortSignal | undefined
  /** Called with the number of images done. */
  onProgress?: ((done: number, of: number) => void) | undefined
  /** Called for each sample that could not be used, at every validation. */
  onSkipped?: ((skipped: Skipped) => void) | undefined
}

/**
 * Validates on data: `train` does this with data as its `validation`. The score that selects the best model is top-1 accuracy; without classes, the mean R@1 of both
 * directions; without classes and a joint embedding, the negative loss.
 */
export function validateOn(source: Source, options: ValidateOptions = {}): Validate {
  const { threads, maxPixels, exifRotate } = options
  const validate: Validate = async ({ folder, loss, objective: { encodeText, likelihood } }) => {
    // A bag-of-words model scores the class name alone, without a prompt around it.
    const templates = likelihood?.template === '{}' ? undefined : options.templates
    const overSource = await loss(source)
    const numbers = { loss: overSource.loss }
    const several = (source.labels?.length ?? 0) > 1 // with one class every model is right
    if (!several && !encodeText) {
      for (const skipped of overSource.skipped) options.onSkipped?.(skipped)
      return { score: -numbers.loss, numbers }
    }
    const clip = await load(folder, { threads, maxPixels, exifRotate })
    try {
      const { score, ...measured } = await (several ? zeroShot : retrieval)(clip, source, {
        ...options,
        templates,
      })
      return { score, numbers: { ...numbers, ...measured } }
    } finally {
      await clip.dispose()
    }
  }
  return Object.assign(validate, { data: source })
}

async function zeroShot(clip: Clip, source: Source, { templates, ...options }: ValidateOptions) {
  const { top1, top5 } = await evaluateZeroShot(clip, source, { templates, ...withProgress(source, options) })
  return { score: top1, 'top-1': top1, 'top-5': top5 }
}

async function retrieval(clip: Clip, source: Source, options: ValidateOptions) {
  const { imageToText, textToImage } = await evaluateRetrieval(clip, source, withProgress(source, options))
  const score = (imageToText.r1 + textToImage.r1) / 2
  return { score, 'image to text R@1': imageToText.r1, 'text to image R@1': textToImage.r1 }
}

function withProgress({ size }: Source, { signal, onProgress, onSkipped }: ValidateOptions) {
  let done = 0
  return {
    signal,
    onSample(sample: { key: string } | Skipped) {
      if ('reason' in sample) onSkipped?.(sample)
      onProgress?.(++done, size)
    },
  }
}
