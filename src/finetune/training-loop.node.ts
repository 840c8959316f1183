// The training loop of fine-tuning methods: ten validations during the run, and at the end the best model in the folder.

import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { load } from '../clip/load.node.ts'
import { TrainingError } from '../errors.ts'
import { evaluateClassifier } from '../evaluate/evaluate-classifier.node.ts'
import { copyFiles } from '../files/atomic.node.ts'
import type { ClipConfig } from '../model/config.ts'
import type { Adaptation } from '../training/adaptation.ts'
import { run, type TrainEvent } from '../training/train.node.ts'
import { openClassifier } from '../zero-shot/open-classifier.node.ts'
import { zeroShotClassifier } from '../zero-shot/prompt-ensemble.ts'
import { subset } from './few-shot.ts'
import { layerDecay } from './layer-decay.ts'
import { loading, type Task } from './method.ts'
import type { AugmentOption, LoopOptions } from './options.ts'
import { readableOf } from './readable.node.ts'

const defaultValidations = 10

export interface Recipe extends LoopOptions {
  /** The least number of steps of a run without a given length, since few images make short epochs. Default: 100. */
  leastSteps?: number | undefined
}

/** The text width of the models that the published learning rates are for. */
const publishedWidth = 512

/**
 * The learning rate for a model's width: Adam changes each weight by about the rate, and a layer's output by the sum over its
 * width, so the rate is inversely proportional to the width (Yang et al. 2022, Tensor Programs V, table 8).
 */
export const rateFor = (published: number, { text }: Pick<ClipConfig, 'text'>): number =>
  published * Math.max(1, publishedWidth / (text?.width ?? publishedWidth))

/**
 * @param recipe the method's defaults, with the published learning rate; `task.settings` takes precedence
 * @returns the settings that were chosen
 */
export async function* trained(
  task: Task<LoopOptions & AugmentOption>,
  adaptation: Adaptation,
  recipe: Recipe,
): AsyncGenerator<TrainEvent, Readonly<Record<string, unknown>>> {
  const overrides = Object.fromEntries(Object.entries(task.settings).filter(([, value]) => value !== undefined))
  const settings = { ...recipe, ...overrides } as typeof task.settings
  const learningRate = task.settings.learningRate ?? rateFor(recipe.learningRate ?? 1e-5, task.model.config)
  const { out, model } = task
  const { signal, layerDecay: decay = 1 } = settings
  const { source: train, skipped } = await usable(task, adaptation)
  for (const one of skipped) yield { kind: 'skipped', ...one }
  const batch = Math.min(settings.batch ?? 32, train.size)
  const stepsPerEpoch = Math.floor(train.size / batch)
  const inEpochs = (settings.epochs ?? 10) * stepsPerEpoch
  const leastSteps = task.settings.epochs === undefined ? (recipe.leastSteps ?? 100) : 0
  const steps = task.settings.steps ?? Math.max(leastSteps, inEpochs)
  const saveEvery = Math.ceil(steps / (settings.validations ?? defaultValidations))
  const events = run(
    {
      adaptation: {
        ...adaptation,
        rate: decay === 1 ? undefined : layerDecay(decay, model.config),
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
      saveEvery,
      keep: 1,
      patience: settings.patience,
      signal,
      async validate({ folder, step, loss }) {
        const { loss: valLoss } = await loss(task.val)
        if (!Number.isFinite(valLoss)) throw diverged(step, out)
        const { top1, top5, n } = await evaluated(folder, task)
        return { score: scoreOf(top1, valLoss, n), numbers: { loss: valLoss, 'top-1': top1, 'top-5': top5 } }
      },
    },
    task.before,
  )
  const broken = new Set<string>()
  for await (const event of events) {
    if (event.kind === 'skipped') broken.add(event.key)
    yield event
  }
  if (!signal?.aborted) await keepBest(out)
  return { trained: train.size - broken.size, steps, learningRate, batch }
}

/** What can be learnt from: images that can be read, or those that have an embedding. */
async function usable({ train, model, settings }: Task, { embeddings }: Adaptation) {
  if (!embeddings) return readableOf(train, { preprocessing: model.preprocessing, ...settings })
  const keys = new Set<string>()
  for await (const { key } of train.samples({ seed: 0, epoch: 0, shuffle: false }))
    if (embeddings.has(key)) keys.add(key)
  return { source: subset(train, { keys, broken: new Set() }, train.name), skipped: [] }
}

/** Accuracy with loss as tie-breaker: the loss term is always worth less than one image. */
export const scoreOf = (top1: number, loss: number, n: number): number => top1 - ((loss / (1 + loss)) * 0.5) / n

const diverged = (step: number, out: string): TrainingError =>
  new TrainingError(
    `after step ${step} the model's outputs are no longer finite numbers, so ${out} cannot be used. Start again in another folder with a lower \`learningRate\`, a longer \`warmup\`, or gradients clipped to length 1 (\`clipGradient\`)`,
    { option: 'learningRate', code: 'diverged' },
  )

/** Evaluates a model folder: by its classifier, which needs no text encoder, or zero-shot. */
export async function evaluated(
  folder: string,
  { val, classes, words, templates, settings }: Pick<Task, 'val' | 'classes' | 'words' | 'templates' | 'settings'>,
) {
  const { trained, towers } = await openClassifier(folder)
  const clip = await load(folder, { ...loading(settings), towers })
  try {
    const classifier = trained ?? (await zeroShotClassifier(clip, words, { templates, onLong: 'truncate' }))
    return await evaluateClassifier(clip, classifier, val, {
      words: new Map(classes.map((name, i) => [name, words[i]!])),
      signal: settings.signal,
    })
  } finally {
    await clip.dispose()
  }
}

/** Replaces the last model's files by the best one's, each at once. */
async function keepBest(out: string): Promise<void> {
  const best = join(out, 'best')
  if (!(await stat(best).catch(() => undefined))) return
  await copyFiles(best, out)
}
