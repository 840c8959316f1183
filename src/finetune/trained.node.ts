// The training loop as methods of fine-tuning use it: ten judgements on the way, and at the end the folder answers as the
// best of them did.

import { cp, readdir, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { TrainingError } from '../errors.ts'
import { evaluateClassifier } from '../evaluate/evaluate-classifier.ts'
import { load } from '../load.node.ts'
import type { ClipConfig } from '../model/config.ts'
import type { Adaptation } from '../training/adaptation.ts'
import { run, type TrainEvent } from '../training/train.node.ts'
import { zeroShotClassifier } from '../zero-shot/classifier.ts'
import { readClassifier } from '../zero-shot/classifier-file.node.ts'
import { layerDecay } from './layer-decay.ts'
import { type FinetuneSettings, loading, type Task } from './method.ts'

/** So many judgements in a run, the last one included, unless told. */
const usualJudgements = 10
export interface Recipe extends FinetuneSettings {
  /** Few pictures make short epochs: where no length is asked for, a run has at least so many steps; 100 unless told. */
  leastSteps?: number
}

/** Of the text towers that the published rates are for. */
const usualWidth = 512

/**
 * Adam moves each weight by about the rate, whatever the gradient, and what a layer does changes by the sum over its width:
 * a narrower model takes a higher rate (Yang et al. 2022, Tensor Programs V, table 8: as one over the width).
 */
export const rateFor = (published: number, { text }: Pick<ClipConfig, 'text'>): number =>
  published * Math.max(1, usualWidth / (text?.width ?? usualWidth))

/**
 * @param recipe a method's own, its rate as published; what `task.settings` says comes first
 * @returns what the run took where nothing was said
 */
export async function* trained(
  task: Task,
  adaptation: Adaptation,
  recipe: Recipe,
): AsyncGenerator<TrainEvent, Readonly<Record<string, unknown>>> {
  const given = Object.fromEntries(Object.entries(task.settings).filter(([, value]) => value !== undefined))
  const settings: FinetuneSettings = { ...recipe, ...given }
  const learningRate = task.settings.learningRate ?? rateFor(recipe.learningRate ?? 1e-5, task.model.config)
  const { train, out, model, signal } = { ...task, signal: settings.signal }
  const batch = Math.min(settings.batch ?? 32, train.size)
  const anEpoch = Math.floor(train.size / batch)
  const asked = task.settings.epochs ?? (task.settings.steps === undefined ? undefined : 0)
  const inEpochs = (settings.epochs ?? 10) * anEpoch
  const steps = task.settings.steps ?? (asked === undefined ? Math.max(recipe.leastSteps ?? 100, inEpochs) : inEpochs)
  const each = Math.ceil(steps / (settings.judgements ?? usualJudgements))
  const { layerDecay: decay = 1 } = settings
  const events = run(
    {
      adaptation: {
        ...adaptation,
        ...(decay !== 1 && { rate: layerDecay(decay, model.config) }),
        settings: { ...task.identity, layerDecay: decay, ...adaptation.settings },
      },
      model,
      data: train,
      out,
      batch,
      chunk: settings.chunk,
      recompute: settings.recompute,
      steps,
      learningRate,
      optimizer: { beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: settings.weightDecay ?? 0.1 },
      warmup: settings.warmup,
      clipGradient: settings.clipGradient,
      augment: settings.augment ?? { flip: 0.5 },
      seed: settings.seed ?? 0,
      threads: settings.threads,
      maxPixels: settings.maxPixels,
      exifRotate: settings.exifRotate,
      onNotice: settings.onNotice,
      saveEvery: each,
      keep: 1,
      patience: settings.patience,
      signal,
      async validate({ folder, step, loss }) {
        const { loss: ofVal } = await loss(task.val)
        if (!Number.isFinite(ofVal)) throw diverged(step, out)
        const { top1, top5, n } = await judged(folder, task)
        return { score: scoreOf(top1, ofVal, n), numbers: { loss: ofVal, 'top-1': top1, 'top-5': top5 } }
      },
    },
    task.before,
  )
  for await (const event of events) yield event
  if (!signal?.aborted) await answerAsTheBest(out)
  return { steps, learningRate, batch }
}

/** Accuracy, and of equal accuracies the lower loss, by less than one picture counts: few pictures are often equal. */
export const scoreOf = (top1: number, loss: number, n: number): number => top1 - ((loss / (1 + loss)) * 0.5) / n

const diverged = (step: number, out: string): TrainingError =>
  new TrainingError(
    `after step ${step} the model's outputs are no longer finite numbers, so ${out} cannot be used. Start again in another folder with a lower \`learningRate\`, a longer \`warmup\`, or gradients clipped to length 1 (\`clipGradient\`)`,
    { option: 'learningRate', code: 'diverged' },
  )

/** A folder's own answers: by its classifier, for which no text is read, or by words. */
export async function judged(
  folder: string,
  { val, classes, words, templates, settings }: Pick<Task, 'val' | 'classes' | 'words' | 'templates' | 'settings'>,
) {
  const own = await readClassifier(folder)
  const towers = own ? (['image'] as const) : (['image', 'text'] as const)
  const clip = await load(folder, { ...loading(settings), towers })
  try {
    const classifier = own ?? (await zeroShotClassifier(clip, words, { templates, onLong: 'truncate' }))
    return await evaluateClassifier(clip, classifier, val, {
      words: new Map(classes.map((name, i) => [name, words[i]!])),
      signal: settings.signal,
    })
  } finally {
    await clip.dispose()
  }
}

/** The best model's files in place of the last one's, each whole. */
async function answerAsTheBest(out: string): Promise<void> {
  const best = join(out, 'best')
  if (!(await stat(best).catch(() => undefined))) return
  await copyModel(best, out)
}

export async function copyModel(from: string, to: string): Promise<void> {
  for (const name of await readdir(from)) {
    await cp(join(from, name), join(to, `${name}.part`))
    await rename(join(to, `${name}.part`), join(to, name))
  }
}
