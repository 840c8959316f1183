// Training (§2.5): batches in, steps, and a folder from which an interrupted run can resume.

import { orientationNotice } from '../clip/notices.ts'
import { type Batch, batches } from '../data/batches.node.ts'
import { sourceOf, validationSourceOf } from '../data/given.node.ts'
import type { Skipped, Source } from '../data/sample.ts'
import { TrainingError, UsageError } from '../errors.ts'
import type { UnturnedImage } from '../image/pool.node.ts'
import type { ClipConfig } from '../model/config.ts'
import { towerOf } from '../model/parameter-names.ts'
import { imageTower } from '../model/towers.ts'
import { objectives } from '../objectives/index.ts'
import type { Objective } from '../objectives/objective.ts'
import { createRuntime } from '../runtime/onnxruntime.node.ts'
import type { Tokenizer } from '../tokenizer/tokenize.ts'
import { loadTokenizer } from '../tokenizer/vocabulary.node.ts'
import type { AdamWOptions } from './adamw.ts'
import type { Adaptation } from './adaptation.ts'
import { collate } from './collate.ts'
import { frozenParts } from './frozen.ts'
import { initialModelOf } from './initial-model.node.ts'
import { setInitialValues } from './initial-values.ts'
import { checkpoints, type Progress, restoreCheckpoint } from './run/checkpoint.node.ts'
import { inRunFolder } from './run/folder.node.ts'
import { openRunLog } from './run/log.node.ts'
import { type RunState, save } from './run/save.node.ts'
import { checkSettings, planOf, settingsOf } from './run/settings.ts'
import { learningRateAt } from './schedule.ts'
import { createTrainer, type StepReport, type Trainer } from './step.ts'
import {
  columnsOf,
  type EndReason,
  type RunOptions,
  type TrainEvent,
  type TrainOptions,
  type Validate,
} from './train-options.ts'
import { validateOn } from './validate-on.node.ts'
import { validationLoss } from './validation-loss.node.ts'

export type { ModelInTraining, TrainEvent, TrainOptions, Validate } from './train-options.ts'

/**
 * Trains, and yields what happens. The seed decides everything: the same options give the same numbers, however often the
 * run is interrupted and resumed.
 *
 * @throws UsageError for options that do not fit together, TrainingError if the loss or gradient is not finite
 *
 * @example
 * ```ts
 * import { train } from 'typeclip/training'
 *
 * // `model` is a config to train from scratch, or a checkpoint.
 * for await (const event of train({ model: 'config.json', data: 'pairs.csv', out: 'run', epochs: 30 })) {
 *   if (event.kind === 'step') console.log(event.step, event.loss)
 * }
 * ```
 */
export async function* train(options: TrainOptions): AsyncGenerator<TrainEvent, void> {
  const skipped: Skipped[] = [] // by a validation
  const { notices, ...opened } = await openRun(options, (sample) => void skipped.push(sample))
  for (const message of notices) yield { kind: 'notice', message }
  const { out, resume = false } = options
  for await (const event of inRunFolder(out, resume, (before) => run({ ...options, ...opened }, before))) {
    for (const one of skipped.splice(0)) yield { kind: 'skipped', ...one }
    yield event
  }
  for (const one of skipped) yield { kind: 'skipped', ...one }
}

/** Opens what is given by name. */
async function openRun(options: TrainOptions, onSkipped: (skipped: Skipped) => void) {
  const { templates, validation, onValidation, signal, ...rest } = options
  const opening = { ...columnsOf(options), templates, signal }
  const data = await sourceOf(options.data, opening)
  const heldOut =
    validation === undefined || typeof validation === 'function'
      ? undefined
      : await validationSourceOf(validation, opening)
  const model = await initialModelOf(options.model, rest, signal)
  const validate =
    heldOut === undefined
      ? (validation as Validate | undefined)
      : validateOn(heldOut, { ...rest, templates, signal, onProgress: onValidation, onSkipped })
  return { data, model, validate, notices: [data, heldOut, model].flatMap((opened) => opened?.notices ?? []) }
}

/** @throws UsageError where captions have ids that the model has no embedding for */
function checkVocabulary({ text }: ClipConfig, { vocabularySize }: Tokenizer): void {
  if (!text || text.vocabularySize >= vocabularySize) return
  throw new UsageError(
    `the model's vocabulary has ${text.vocabularySize} tokens, and captions are tokenized with CLIP's ${vocabularySize}; set vocab_size of its configuration to ${vocabularySize}`,
  )
}

/** The run itself, in a folder that the caller has locked (`inRunFolder`). @param before progress to resume from */
export async function* run(options: RunOptions, before: Progress | undefined): AsyncGenerator<TrainEvent> {
  // Options and their defaults.
  const { model, data, out, batch = 128, seed = 0, saveEvery = 200, logEvery = 1, signal } = options
  const adaptation = options.adaptation ?? fromObjective(options)
  const { beta1 = 0.9, beta2 = 0.98, eps = 1e-6, weightDecay = 0.2 } = options.optimizer ?? {}
  const optimizer: AdamWOptions = { beta1, beta2, eps, weightDecay }
  const plan = planOf(options, batch)
  const { steps } = plan

  // The model as a training graph, and its parameters: of the last checkpoint, or initial values.
  const trainer = await createTrainer({
    runtime: createRuntime({ threads: options.threads }),
    config: model.config,
    preprocessing: model.preprocessing,
    objective: adaptation.objective,
    optimizer,
    clipGradient: options.clipGradient,
    chunk: chunkOf(options, batch),
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
    if (before) {
      checkSettings(before.settings, settings, out)
      await restoreCheckpoint(out, before.step, trainer)
    } else await setInitialValues(trainer.parameters, adaptation, model, seed)
    const progress: Progress = {
      step: 0,
      cursor: { epoch: 0, samples: 0 },
      seconds: 0,
      skipped: 0,
      validationsSinceBest: 0,
      finished: false,
      ...before,
      settings,
    }

    // The log.
    const log = await openRunLog(out, progress.step)
    const tokenizer = await loadTokenizer()
    checkVocabulary(model.config, tokenizer)
    yield {
      kind: 'start',
      step: progress.step,
      steps,
      batch,
      parameters: countTrained(trainer),
      samples: data.size,
      resumed: before !== undefined,
    }

    // The data, from where the last checkpoint stopped reading.
    const { shuffle = true, augment = {}, maxPixels, exifRotate, onNotice } = options
    const onOrientation = onNotice && ((image: UnturnedImage) => onNotice(orientationNotice(image)))
    const reading = { maxPixels, exifRotate, onOrientation, signal }
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
    })
    const lossOver = (source: Source) =>
      validationLoss(source, { trainer, adaptation, model, tokenizer, batch, ...reading })
    const state: RunState = { options, adaptation, trainer, progress, log, lossOver }

    // The run was interrupted during a validation: do that first.
    if (progress.validationPending) yield* save(state, { validate: true })

    let reason: EndReason = 'finished'
    let sinceLog = { seconds: progress.seconds, images: 0 } // without validation and saving
    let coming = startNextBatch(stream)
    while (progress.step < steps) {
      // Stop early?
      if (options.patience !== undefined && progress.validationsSinceBest >= options.patience) {
        reason = 'stopped'
        break
      }
      if (signal?.aborted) {
        reason = 'interrupted'
        break
      }

      // The next batch. The one after it is decoded on other threads during the step.
      const began = performance.now()
      const samples = await coming.catch((error: unknown) => {
        if (signal?.aborted) return undefined
        throw error
      })
      if (!samples) continue
      coming = startNextBatch(stream)

      // Forward, backward, update.
      const step = progress.step + 1
      const lr = learningRateAt(plan, step - 1)
      const examples = collate(samples, tokenizer, model.config, adaptation.classes)
      const report = await trainer.step(examples, { t: step, learningRate: lr })
      if (!Number.isFinite(report.loss) || !Number.isFinite(report.gradientNorm))
        throw await diverged(step, report, out)

      // Progress and log.
      progress.step = step
      progress.validationPending = false
      progress.cursor = samples.cursor
      progress.skipped += samples.skipped.length
      progress.seconds += (performance.now() - began) / 1000
      sinceLog.images += batch
      for (const skipped of samples.skipped) yield { kind: 'skipped', ...skipped }
      const last = step === steps
      if (step % logEvery === 0 || last) {
        const line = {
          step,
          epoch: samples.cursor.epoch,
          samples: step * batch,
          loss: report.loss,
          accuracy: report.accuracy,
          lr,
          logitScale: logitScaleOf(trainer),
          gradientNorm: report.gradientNorm,
          imagesPerSecond: sinceLog.images / (progress.seconds - sinceLog.seconds),
          seconds: progress.seconds,
        }
        await log.step(line)
        yield { kind: 'step', steps, ...line }
        sinceLog = { seconds: progress.seconds, images: 0 }
      }

      // Validate and save.
      const validateNow = options.validateAt?.includes(step)
      if ((validateNow || step % saveEvery === 0) && !last) yield* save(state, { validate: validateNow ?? true })
    }

    // The end: validate and save, unless the run was resumed only to find that nothing is left to do.
    await stream.return(undefined)
    progress.finished = reason !== 'interrupted'
    const changed = progress.step > (before?.step ?? -1) || progress.finished !== before?.finished
    if (changed) yield* save(state, { validate: progress.finished })
    await log.drawCurves()
    yield { kind: 'end', step: progress.step, steps, reason }
  } finally {
    await trainer.dispose()
  }
}

/** Training by one of the objectives, all parameters or all but the frozen ones. */
function fromObjective({ objective = 'contrastive', freeze, frozen }: RunOptions): Adaptation {
  const { initial = {} } = objectives[objective] as Objective
  const isFrozen = (name: string) => towerOf(name) === freeze || frozen?.(name) === true
  return {
    name: objective,
    objective: objectives[objective],
    trained: freeze || frozen ? (name) => !isFrozen(name) : undefined,
    defaultInitial: (name) => (name in initial ? Float32Array.of(initial[name]!) : undefined),
  }
}

/** Undefined if a batch is not larger than a chunk. */
function chunkOf({ chunk, model }: RunOptions, batch: number): number | undefined {
  if (chunk === undefined || chunk >= batch) return undefined
  if (model.config.image && imageTower(model.config.image).batchNorm) {
    throw new UsageError(
      `\`chunk\` ${chunk} is smaller than the batch of ${batch}, and the image encoder is a ResNet: its batch normalisation over a chunk differs from that over the batch, so the loss would differ; leave \`chunk\` out, or choose a Vision Transformer`,
      { option: 'chunk' },
    )
  }
  return chunk
}

async function diverged(step: number, { loss }: StepReport, out: string): Promise<TrainingError> {
  const saved = (await checkpoints(out)).length > 0
  return new TrainingError(
    `step ${step}: the ${Number.isFinite(loss) ? 'gradient is' : `loss is ${loss},`} no longer a finite number, so the step was not taken${saved ? `; ${out} still holds the last checkpoint` : ''}. Try a lower \`learningRate\`, a longer \`warmup\`, or clipped gradients (\`clipGradient\` 1)`,
    { option: 'learningRate', code: 'diverged' },
  )
}

function countTrained({ parameters: { slots, trained } }: Trainer): number {
  return trained.names.reduce((sum, name) => sum + slots.get(name)!.to - slots.get(name)!.from, 0)
}

function logitScaleOf({ parameters }: Trainer): number | undefined {
  const slot = parameters.slots.get('logit_scale')
  return slot && Math.exp(parameters.values[slot.from]!)
}

/**
 * Starts preparing the next batch. The empty catch avoids an unhandled-rejection warning; the error is thrown when the batch
 * is awaited.
 */
function startNextBatch(stream: AsyncGenerator<Batch>): Promise<Batch> {
  const batch = stream.next().then(({ value, done }) => {
    if (done) throw new Error('the stream of batches ended')
    return value
  })
  batch.catch(() => {})
  return batch
}
