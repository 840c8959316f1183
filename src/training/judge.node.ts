// How a model in training is judged (§3.1): by the objective's loss over other data, and by zero-shot accuracy where that
// data has several classes, else by retrieval.

import type { Skipped, Source } from '../data/sample.ts'
import { evaluateRetrieval } from '../evaluate/evaluate-retrieval.ts'
import { evaluateZeroShot } from '../evaluate/evaluate-zero-shot.ts'
import { load } from '../load.node.ts'
import type { Clip } from '../load.ts'
import type { Validate } from './train.node.ts'

export interface JudgeOptions {
  /** Of zero-shot classification, each with `{}` for the class; the objective's own, if left out. */
  templates?: readonly string[] | undefined
  threads?: number | undefined
  signal?: AbortSignal | undefined
  /** Called with the number of images that are done. */
  onProgress?: ((done: number, of: number) => void) | undefined
  /** Called for each sample that could not be used, at every validation. */
  onSkipped?: ((skipped: Skipped) => void) | undefined
}

/**
 * For `TrainOptions.validate`. The score that decides which model is the best is top-1 accuracy, or the mean of both R@1,
 * or, of a model that has no joint embedding and data without classes, the loss with its sign changed.
 */
export function judgeBy(source: Source, options: JudgeOptions = {}): Validate {
  const { threads } = options
  const judge: Validate = async ({ folder, loss, objective: { encodeText, likelihood } }) => {
    // A bag of words has no use for a prompt around the class.
    const templates = likelihood?.template === '{}' ? undefined : options.templates
    const lossAndAccuracy = await loss(source)
    const numbers = { loss: lossAndAccuracy.loss }
    const several = (source.labels?.length ?? 0) > 1 // of one class alone any model is right
    if (!several && !encodeText) {
      for (const skipped of lossAndAccuracy.skipped) options.onSkipped?.(skipped)
      return { score: -numbers.loss, numbers }
    }
    const clip = await load(folder, threads === undefined ? {} : { threads })
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
  return Object.assign(judge, { data: source })
}

async function zeroShot(clip: Clip, source: Source, { templates, ...options }: JudgeOptions) {
  const { top1, top5 } = await evaluateZeroShot(clip, source, { templates, ...counted(source, options) })
  return { score: top1, 'top-1': top1, 'top-5': top5 }
}

async function retrieval(clip: Clip, source: Source, options: JudgeOptions) {
  const { imageToText, textToImage } = await evaluateRetrieval(clip, source, counted(source, options))
  const score = (imageToText.r1 + textToImage.r1) / 2
  return { score, 'image to text R@1': imageToText.r1, 'text to image R@1': textToImage.r1 }
}

function counted({ size }: Source, { signal, onProgress, onSkipped }: JudgeOptions) {
  let done = 0
  return {
    signal,
    onSample(sample: { key: string } | Skipped) {
      if ('reason' in sample) onSkipped?.(sample)
      onProgress?.(++done, size)
    },
  }
}
