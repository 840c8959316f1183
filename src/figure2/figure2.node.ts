// Runs Figure 2: for each objective a short sweep of learning rates, then one run per seed, on the same data in the same order
// with the same image encoder. Every run is a folder of `train`; a finished one is not repeated.

import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type DataInput, sourceOf, validationSourceOf } from '../data/given.node.ts'
import { holdOut } from '../data/held-out.ts'
import type { Source } from '../data/sample.ts'
import { UsageError } from '../errors.ts'
import { replaceFile, replaceJson } from '../files/atomic.node.ts'
import { makeFolder } from '../files/make-folder.node.ts'
import type { Augmentation } from '../image/augment.ts'
import { type InitialModel, initialModelOf } from '../training/initial-model.node.ts'
import { writeDrawing } from '../training/run/curves.node.ts'
import { type LoggedStep, type LoggedValidation, parseLines } from '../training/run/lines.ts'
import { changedSettings } from '../training/run/settings.ts'
import type { Schedule } from '../training/schedule.ts'
import { type TrainEvent, train } from '../training/train.node.ts'
import { columnsOf, type OpenOptions } from '../training/train-options.ts'
import { drawFigure2, tableOfFigure2 } from './draw.ts'
import { meanAndSpread } from './efficiency.ts'
import { figure2Model } from './model.ts'
import {
  bestOf,
  type Figure2Report,
  type Figured,
  type RunCurve,
  type Sweep,
  type Sweeps,
  summarize,
} from './report.ts'

/** Options of `figure2`. */
export interface Figure2Options extends OpenOptions {
  /** Images with captions to train on. */
  data: DataInput
  /** The validation set, with classes. Default: a random tenth of `data`, which is then not trained on. */
  validation?: DataInput | undefined
  /** For class folders: captions with `{}` for the class. Default: `a photo of a {}.` */
  templates?: readonly string[] | undefined
  /** A folder for the figure and its runs. */
  out: string
  /** An open_clip config (`*.json`), or an opened model. Default: a small ModifiedResNet. */
  model?: string | InitialModel | undefined
  /** Default: the figure's three. */
  objectives?: readonly Figured[] | undefined
  /** Images that each run processes. Default: 30 times the data. */
  images?: number | undefined
  /** Default: 128. */
  batch?: number | undefined
  /** Default: 3. */
  seeds?: number | undefined
  /** If there are several, the best one for each objective is found by runs over a quarter of the images. */
  learningRates?: readonly number[] | undefined
  /** Default: constant after the warm-up, so that each point of a curve is also the end of a shorter run. */
  schedule?: Schedule['kind'] | undefined
  /** Number of validations of a run, each after √2 times as many images. Default: 12. */
  points?: number | undefined
  /** Prompt templates for validation, with `{}`. Default: the objective's. Bag-of-words prediction uses the class name alone. */
  prompts?: readonly string[] | undefined
  augment?: Augmentation | false | undefined
  threads?: number | undefined
  /** Stops the figure; the same call continues it. */
  signal?: AbortSignal | undefined
}

/** One training run of the figure. */
export interface Figure2Run {
  /** A short run that chooses the learning rate, or a run of the figure. */
  kind: 'sweep' | 'seed'
  objective: Figured
  learningRate: number
  seed: number
  /** Steps of this run. */
  steps: number
}

/** What happens while the figure is made, in order. */
export type Figure2Event =
  /** What was skipped or guessed when the model and the data were opened. */
  | { kind: 'notice'; message: string }
  /** `runs`: the number of runs, finished ones included. */
  | { kind: 'plan'; runs: number; images: number; batch: number; steps: number; judgedAt: number[] }
  | { kind: 'run'; run: Figure2Run; number: number; finished: boolean }
  | { kind: 'training'; run: Figure2Run; event: TrainEvent }
  | { kind: 'ran'; run: Figure2Run; accuracy: number }
  | {
      kind: 'chosen'
      objective: Figured
      learningRate: number
      accuracies: Sweep[]
    }
  | { kind: 'interrupted' }
  | { kind: 'end'; report: Figure2Report }

const defaultObjectives: readonly Figured[] = ['lm', 'bow', 'bow-contrastive']
/** The share of the data that is held out for validation. */
const heldShare = 0.1
/** A run of the sweep processes this share of a run's images. */
const sweepShare = 1 / 4

/**
 * Makes the paper's Figure 2 at a small size: trains each objective on the same data and compares zero-shot accuracy by
 * images processed. Finished runs are not repeated, so that an interrupted figure continues.
 *
 * @throws UsageError for options that do not fit together, or that differ from those of the runs in the folder
 *
 * @example
 * ```ts
 * import { figure2 } from 'typeclip/figure2'
 *
 * // `validation` has a folder for each class.
 * for await (const event of figure2({ data: 'drawings.csv', validation: 'photos', out: 'figure2' })) {
 *   if (event.kind === 'ran') console.log(event.run.objective, event.accuracy)
 * }
 * ```
 */
export async function* figure2(options: Figure2Options): AsyncGenerator<Figure2Event> {
  const { out, objectives = defaultObjectives, batch = 128, seeds = 3, points = 12, schedule = 'constant' } = options
  const { learningRates = [3e-4, 1e-3, 3e-3], augment = {}, signal } = options
  const { data, val } = await dataOf(options)
  if (!val.labels) {
    throw new UsageError(
      `${val.name} has no classes, but the curves show accuracy over classes; give data with classes as \`validation\``,
      { option: 'validation' },
    )
  }
  for (const message of [...(data.notices ?? []), ...(val.notices ?? [])]) yield { kind: 'notice', message }
  const images = options.images ?? 30 * data.size
  const steps = Math.round(images / batch)
  if (steps < 1)
    throw new UsageError(
      `${images} images do not fill one batch of ${batch}; choose more \`images\`, or a smaller \`batch\``,
    )
  const judgedAt = pointsOf(steps, points)
  await makeFolder(out)
  const model = await initialModelOf(options.model ?? (await smallModel(join(out, 'model.json'))), options, signal)
  for (const message of model.notices) yield { kind: 'notice', message }
  const digests = { dataDigest: (await data.digest?.()) ?? null, valDigest: (await val.digest?.()) ?? null }
  const swept = learningRates.length > 1
  let number = 0
  yield {
    kind: 'plan',
    runs: objectives.length * (seeds + (swept ? learningRates.length : 0)),
    images: steps * batch,
    batch,
    steps,
    judgedAt,
  }

  async function* curveOf(run: Figure2Run): AsyncGenerator<Figure2Event, RunCurve | undefined> {
    const { objective, learningRate, seed, steps } = run
    const settings = {
      ...run,
      data: data.name,
      samples: data.size,
      val: val.name,
      batch,
      schedule,
      augment,
      ...digests,
    }
    const finished = await finishedRun(out, run, settings)
    number++
    yield { kind: 'run', run, number, finished: finished !== undefined }
    if (finished) return finished
    const folder = join(out, nameOf(run))
    let parameters = 0
    const events = train({
      data,
      out: folder,
      objective,
      learningRate,
      seed,
      steps,
      batch,
      schedule,
      augment,
      model,
      resume: true,
      saveEvery: 500,
      keep: 1,
      validateAt: run.kind === 'sweep' ? [] : judgedAt,
      validation: val,
      templates: options.prompts,
      threads: options.threads,
      signal,
    })
    for await (const event of events) {
      if (event.kind === 'notice') continue // at the beginning of the figure
      if (event.kind === 'start') parameters = event.parameters
      yield { kind: 'training', run, event }
      if (event.kind === 'end' && event.reason === 'interrupted') return undefined
    }
    const lines = parseLines<LoggedValidation>(await readFile(join(folder, 'validation.jsonl'), 'utf8'))
    const curve = lines.map(({ step, numbers }) => ({ images: step * batch, accuracy: numbers['top-1']! }))
    const losses = parseLines<LoggedStep>(await readFile(join(folder, 'results.jsonl'), 'utf8')).map(({ loss }) => loss)
    const { mean: loss } = meanAndSpread(losses.slice(-Math.ceil(losses.length / 10)))
    const result: RunCurve = { objective, seed, learningRate, parameters, loss, curve }
    await writeFile(join(folder, 'figure2.json'), `${JSON.stringify({ settings, result })}\n`)
    // A finished run does not need its checkpoints, which are large.
    for (const large of ['checkpoints', 'best']) await rm(join(folder, large), { recursive: true, force: true })
    return result
  }

  const runs: RunCurve[] = []
  const sweeps: { -readonly [Name in keyof Sweeps]: Sweeps[Name] } = {}
  for (const objective of objectives) {
    let best = learningRates[0]!
    if (swept) {
      const accuracies: Sweep[] = []
      for (const learningRate of learningRates) {
        const quarter = Math.max(1, Math.round(steps * sweepShare))
        const run: Figure2Run = { kind: 'sweep', objective, learningRate, seed: 0, steps: quarter }
        const result = yield* curveOf(run)
        if (!result) return yield { kind: 'interrupted' }
        const { accuracy } = result.curve.at(-1)!
        accuracies.push({ learningRate, accuracy, loss: result.loss })
        yield { kind: 'ran', run, accuracy }
      }
      best = bestOf(accuracies).learningRate
      sweeps[objective] = accuracies
      yield { kind: 'chosen', objective, learningRate: best, accuracies }
    }
    for (let seed = 0; seed < seeds; seed++) {
      const run: Figure2Run = { kind: 'seed', objective, learningRate: best, seed, steps }
      const result = yield* curveOf(run)
      if (!result) return yield { kind: 'interrupted' }
      runs.push(result)
      yield { kind: 'ran', run, accuracy: result.curve.at(-1)!.accuracy }
    }
  }
  const about = { data: data.name, val: val.name, chance: 1 / val.labels.length, images: steps * batch, batch }
  const report = summarize(about, runs, sweeps)
  await writeDrawing(join(out, 'figure2'), drawFigure2(report))
  await replaceJson(join(out, 'figure2.json'), report)
  await replaceFile(join(out, 'figure2.md'), tableOfFigure2(report))
  yield { kind: 'end', report }
}

/** The data of all runs: the validation set is held out if none is given. */
async function dataOf(options: Figure2Options): Promise<{ data: Source; val: Source }> {
  const opening = { ...columnsOf(options), templates: options.templates, signal: options.signal }
  const all = await sourceOf(options.data, opening)
  if (options.validation !== undefined) return { data: all, val: await validationSourceOf(options.validation, opening) }
  if (!all.labels) {
    throw new UsageError(
      `${all.name} has captions and no classes to validate with; give labelled images as \`validation\``,
      { option: 'validation' },
    )
  }
  const { rest, held } = await holdOut(all, { share: heldShare, seed: 0 })
  return { data: rest, val: { ...held, notices: [] } }
}

async function smallModel(path: string): Promise<string> {
  await replaceJson(path, figure2Model)
  return path
}

/** Steps to validate after: from the end backwards, each after √2 times fewer images. */
export function pointsOf(steps: number, points: number): number[] {
  const all = Array.from({ length: points }, (_, i) => Math.max(1, Math.round(steps / 2 ** (i / 2))))
  return [...new Set(all)].sort((a, b) => a - b)
}

const nameOf = ({ kind, objective, learningRate, seed }: Figure2Run): string =>
  join('runs', kind === 'sweep' ? `sweep-${objective}-${learningRate}` : `${objective}-seed-${seed}`)

/** The result that a finished run stored. @throws UsageError if it was a run with other settings */
async function finishedRun(
  out: string,
  run: Figure2Run,
  settings: Record<string, unknown>,
): Promise<RunCurve | undefined> {
  const path = join(out, nameOf(run), 'figure2.json')
  const text = await readFile(path, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const stored = JSON.parse(text) as { settings: Record<string, unknown>; result: RunCurve }
  const list = changedSettings(stored.settings, settings)
  if (list.length === 0) return stored.result
  throw new UsageError(
    `${path}: this run was made with other settings: ${list.join('; ')}. Give the same ones, or another \`out\``,
    { option: 'out' },
  )
}
