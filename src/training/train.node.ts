// Training (§2.5): batches in, steps, and a folder from which the run goes on after whatever ended it.

import { appendFile, open } from 'node:fs/promises'
import { join } from 'node:path'
import { type AugmentOptions, type Batch, batches } from '../data/batches.node.ts'
import type { Skipped, Source } from '../data/sample.ts'
import { TrainingError, UsageError } from '../errors.ts'
import { type ObjectiveName, objectives } from '../objectives/index.ts'
import type { Objective } from '../objectives/objective.ts'
import { createRuntime } from '../runtime/onnxruntime.node.ts'
import { loadTokenizer } from '../tokenizer/vocabulary.node.ts'
import type { AdamWOptions } from './adamw.ts'
import type { Adaptation } from './adaptation.ts'
import { keepLines, type Progress, restoreCheckpoint, saveCheckpoint } from './checkpoint.node.ts'
import { writeCurves } from './curves.node.ts'
import { examplesOf } from './examples-of.ts'
import { frozenParts } from './frozen.ts'
import type { InitialModel } from './initial-model.node.ts'
import { setInitialValues } from './initial-values.ts'
import type { LoggedStep, LoggedValidation, Validation } from './log.ts'
import { inRunFolder } from './run-folder.node.ts'
import { checkSettings, planOf, settingsOf } from './run-settings.ts'
import { saveModel } from './saved-model.node.ts'
import { learningRateAt, type Schedule } from './schedule.ts'
import { createTrainer, type StepReport, type Trainer } from './step.ts'
import { openEventFile } from './tensorboard.node.ts'
import { type ValidationLoss, validationLoss } from './validation-loss.node.ts'

export interface TrainOptions {
  model: InitialModel
  data: Source
  /** A folder: new or empty, unless the run is to go on in it. */
  out: string
  objective?: ObjectiveName
  /** A method of fine-tuning, in place of `objective` and `frozen`. */
  adaptation?: Adaptation | undefined
  /** Examples in a step: 128, if left out. */
  batch?: number
  /** Examples that go through the towers at a time, exactly (GradCache); all, if left out. */
  chunk?: number | undefined
  /** Computes the inside of each transformer block twice, and holds far less of it in memory. */
  recompute?: boolean | undefined
  /** Steps of the whole run; else `epochs`, else one epoch. */
  steps?: number | undefined
  epochs?: number | undefined
  /** 5e-4, as the paper's ViT-B/32, if left out. */
  learningRate?: number
  schedule?: Schedule['kind']
  /** Steps of warm-up: 2,000 as in the paper, but at most a tenth of all, if left out. */
  warmup?: number | undefined
  optimizer?: Partial<AdamWOptions>
  clipGradient?: number | undefined
  shuffle?: boolean
  /** How training pictures are cropped and coloured; `false`: as in evaluation. */
  augment?: AugmentOptions | false
  /** Pictures of more pixels are broken. */
  maxPixels?: number | undefined
  /** Turns photos upright by their EXIF entry; the reference does not. */
  exifRotate?: boolean | undefined
  /** Parameters that are left as they are. */
  frozen?: ((name: string) => boolean) | undefined
  seed?: number
  threads?: number | undefined
  /** Goes on from the folder's last complete checkpoint; begins anew where there is none. */
  resume?: boolean
  /** Steps between checkpoints: 200, if left out. */
  saveEvery?: number
  /** Steps between lines of the log: 1, if left out. */
  logEvery?: number
  /** Checkpoints that are kept: 2, if left out. */
  keep?: number
  /** Judges the model that was just saved in `folder`; called before every checkpoint and at the end. */
  validate?: Validate | undefined
  /** Steps after which the model is judged, each with a checkpoint; in place of after every checkpoint. The end is always. */
  judgeAt?: readonly number[] | undefined
  /** Ends the run after so many validations without a better one. */
  patience?: number | undefined
  /** Saves and ends. */
  signal?: AbortSignal | undefined
}

/** Validates a model. `data` is what it uses: a resumed run is validated on the same, so that its scores can be compared. */
export type Validate = ((model: Judged) => Promise<Validation>) & { readonly data?: Pick<Source, 'digest'> }

/** A model in the middle of its training. */
export interface Judged {
  /** Where it is, to be loaded. */
  folder: string
  step: number
  objective: Objective
  /** The objective's loss over other data, in batches as those of the training. */
  loss: (source: Source) => Promise<ValidationLoss>
}

export type TrainEvent =
  | { kind: 'start'; step: number; steps: number; batch: number; parameters: number; samples: number; resumed: boolean }
  | ({ kind: 'step'; steps: number } & LoggedStep)
  | ({ kind: 'skipped' } & Skipped)
  | { kind: 'saved'; step: number; folder: string }
  | ({ kind: 'validation' } & LoggedValidation)
  | { kind: 'end'; step: number; steps: number; reason: 'finished' | 'stopped' | 'interrupted' }

const defaultOptimizer: AdamWOptions = { beta1: 0.9, beta2: 0.98, eps: 1e-6, weightDecay: 0.2 }

/**
 * Trains, and tells what happens. Everything is decided by the seed: the same options give the same numbers, also over any
 * number of interruptions.
 *
 * @throws UsageError for options that do not fit together, TrainingError where the loss is not a number any more
 */
export const train = (options: TrainOptions): AsyncGenerator<TrainEvent> =>
  inRunFolder(options.out, options.resume ?? false, (before) => run(options, before))

/** The run itself, in a folder that is the caller's (`inRunFolder`). */
export async function* run(options: TrainOptions, before: Progress | undefined): AsyncGenerator<TrainEvent> {
  const { model, data, out, batch = 128, seed = 0, signal } = options
  const adaptation = options.adaptation ?? fromObjective(options)
  const { objective } = adaptation
  const { shuffle = true, augment = {}, saveEvery = 200, logEvery = 1, keep = 2 } = options
  const plan = planOf(options, batch)
  if (options.chunk !== undefined && options.chunk < batch && model.config.image?.kind === 'modified-resnet') {
    throw new UsageError(
      `chunk ${options.chunk} is smaller than the batch of ${batch}, and the image tower is a ResNet: batch normalisation over a chunk is not the same as over the batch, so the loss would be another one; leave --chunk out, or choose a vision transformer`,
    )
  }
  const optimizer = { ...defaultOptimizer, ...options.optimizer }
  const trainer = await createTrainer({
    runtime: createRuntime(options.threads === undefined ? {} : { threads: options.threads }),
    config: model.config,
    preprocessing: model.preprocessing,
    objective,
    optimizer,
    clipGradient: options.clipGradient,
    chunk: options.chunk !== undefined && options.chunk < batch ? options.chunk : undefined,
    recompute: options.recompute,
    trained: adaptation.trained,
    wrap: adaptation.wrap,
    rate: adaptation.rate,
  })
  try {
    const frozen = frozenParts(trainer.parameters.slots.keys(), adaptation.trained ?? (() => true))
    const valDigest = await options.validate?.data?.digest?.()
    const settings = {
      ...(valDigest !== undefined && { valDigest }),
      ...settingsOf(options, adaptation, optimizer, batch, plan, await data.digest?.()),
      frozen,
    }
    if (before) checkSettings(before.settings, settings, out)
    if (before) await restoreCheckpoint(out, before.step, trainer)
    else await setInitialValues(trainer, adaptation, options)
    const progress: Progress = {
      step: 0,
      cursor: { epoch: 0, samples: 0 },
      seconds: 0,
      skipped: 0,
      waited: 0,
      finished: false,
      ...before,
      settings,
    }
    const results = join(out, 'results.jsonl')
    const validations = join(out, 'validation.jsonl')
    for (const log of [results, validations]) await keepLines(log, progress.step)
    const { steps } = plan
    const board = await openEventFile(out)
    const tokenizer = await loadTokenizer()
    yield {
      kind: 'start',
      step: progress.step,
      steps,
      batch,
      parameters: trainer.parameters.trained.names.reduce((sum, name) => {
        const { from, to } = trainer.parameters.slots.get(name)!
        return sum + to - from
      }, 0),
      samples: data.size,
      resumed: before !== undefined,
    }

    const reading = { maxPixels: options.maxPixels, exifRotate: options.exifRotate }
    async function judge(step: number): Promise<Validation | undefined> {
      const loss = (source: Source) =>
        validationLoss(source, { trainer, adaptation, model, tokenizer, batch, reading, ...(signal && { signal }) })
      return options.validate?.({ folder: out, step, objective, loss }).catch((error: unknown) => {
        if (signal?.aborted) return undefined // saved without it: nobody wants to wait
        throw error
      })
    }

    /** The model first, judged, and then the checkpoint: a run that ends in between does all three once more. */
    async function* save(judged: boolean): AsyncGenerator<TrainEvent> {
      const { step } = progress
      await syncFile(results)
      await saveModel(out, trainer, { adaptation, model, step })
      const validation = judged ? await judge(step) : undefined
      if (judged) progress.owed = options.validate !== undefined && validation === undefined
      if (validation) {
        const best = !progress.best || validation.score > progress.best.score
        progress.waited = best ? 0 : progress.waited + 1
        if (best) {
          progress.best = { step, score: validation.score }
          await saveModel(join(out, 'best'), trainer, { adaptation, model, step })
        }
        const line: LoggedValidation = { step, best, ...validation }
        await appendFile(validations, `${JSON.stringify(line)}\n`)
        await board.validation(line)
        yield { kind: 'validation', ...line }
      }
      await saveCheckpoint(out, trainer, progress, keep)
      saved = true
      yield { kind: 'saved', step, folder: out }
    }

    const stream = batches({
      source: data,
      batch,
      seed,
      shuffle,
      augment: augment || undefined,
      preprocessing: model.preprocessing,
      embeddings: adaptation.embeddings,
      cursor: progress.cursor,
      ...reading,
      ...(signal ? { signal } : {}),
    })
    let saved = before !== undefined
    if (progress.owed) yield* save(true)
    let reason: 'finished' | 'stopped' | 'interrupted' = 'finished'
    let since = { time: performance.now(), images: 0 }
    let coming = nextBatch(stream)
    while (progress.step < steps) {
      if (options.patience !== undefined && progress.waited >= options.patience) {
        reason = 'stopped'
        break
      }
      if (signal?.aborted) {
        reason = 'interrupted'
        break
      }
      const began = performance.now()
      const found = await coming.catch((error: unknown) => {
        if (signal?.aborted) return undefined
        throw error
      })
      if (!found) continue
      coming = nextBatch(stream) // decoded by other threads while this one computes
      const step = progress.step + 1
      const lr = learningRateAt(plan, step - 1)
      const report = await trainer.step(examplesOf(found, tokenizer, model.config, adaptation.classes), {
        t: step,
        learningRate: lr,
      })
      if (!Number.isFinite(report.loss) || !Number.isFinite(report.gradientNorm))
        throw diverged(step, report, saved ? out : undefined)
      progress.step = step
      progress.owed = false
      progress.cursor = found.cursor
      progress.skipped += found.skipped.length
      progress.seconds += (performance.now() - began) / 1000
      since.images += batch
      for (const skipped of found.skipped) yield { kind: 'skipped', ...skipped }

      const last = step === steps
      if (step % logEvery === 0 || last) {
        const line: LoggedStep = {
          step,
          epoch: found.cursor.epoch,
          samples: step * batch,
          loss: report.loss,
          ...(report.accuracy === undefined ? {} : { accuracy: report.accuracy }),
          lr,
          ...logitScaleOf(trainer),
          gradientNorm: report.gradientNorm,
          imagesPerSecond: (since.images * 1000) / (performance.now() - since.time),
          seconds: progress.seconds,
        }
        await appendFile(results, `${JSON.stringify(line)}\n`)
        await board.step(line)
        yield { kind: 'step', steps, ...line }
        since = { time: performance.now(), images: 0 }
      }
      const asked = options.judgeAt?.includes(step)
      if ((asked || step % saveEvery === 0) && !last) yield* save(asked ?? true)
    }
    await stream.return(undefined)
    progress.finished = reason !== 'interrupted'
    if (progress.step > (before?.step ?? -1) || progress.finished !== before?.finished) yield* save(progress.finished)
    await writeCurves(out)
    yield { kind: 'end', step: progress.step, steps, reason }
  } finally {
    await trainer.dispose()
  }
}

/** Training the model as it is, by one of the objectives. */
function fromObjective({ objective = 'contrastive', frozen }: TrainOptions): Adaptation {
  const { initial = {} } = objectives[objective] as Objective
  return {
    name: objective,
    objective: objectives[objective],
    ...(frozen && { trained: (name) => !frozen(name) }),
    initial: (name) => (name in initial ? Float32Array.of(initial[name]!) : undefined),
  }
}

function diverged(step: number, { loss }: StepReport, saved: string | undefined): TrainingError {
  const back = saved ? `; ${saved} still holds the last checkpoint` : ''
  return new TrainingError(
    `step ${step}: the ${Number.isFinite(loss) ? 'gradient' : `loss is ${loss} and`} is not a number any more, so the step was not taken${back}. Try a lower learning rate (--lr), a longer warm-up (--warmup), or gradients held within bounds (--clip-grad 1)`,
  )
}

function logitScaleOf({ parameters }: Trainer): { logitScale?: number } {
  const slot = parameters.slots.get('logit_scale')
  return slot ? { logitScale: Math.exp(parameters.values[slot.from]!) } : {}
}

/** Asked for ahead of its time: what goes wrong with it is heard of where it is awaited, if ever. */
function nextBatch(stream: AsyncGenerator<Batch>): Promise<Batch> {
  const batch = stream.next().then(({ value, done }) => {
    if (done) throw new Error('the stream of batches ended')
    return value
  })
  batch.catch(() => {})
  return batch
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'a')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}
