// Figure 2, run: a short sweep of learning rates for each objective, then each objective once for each seed, on the same
// data in the same order with the same image encoder. Every run is a folder of `train`, and a finished one is not run again.

import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Source } from '../data/sample.ts'
import { UsageError } from '../errors.ts'
import type { Augmentation } from '../image/augment.ts'
import { makeFolder } from '../make-folder.node.ts'
import { replaceFile } from '../training/checkpoint.node.ts'
import { writeDrawing } from '../training/curves.node.ts'
import { type InitialModel, openInitialModel } from '../training/initial-model.node.ts'
import { judgeBy } from '../training/judge.node.ts'
import { type LoggedStep, type LoggedValidation, parseLines } from '../training/log.ts'
import type { Schedule } from '../training/schedule.ts'
import { type TrainEvent, train } from '../training/train.node.ts'
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
export interface Figure2Options {
  /** Images with captions to train on. */
  data: Source
  /** With classes. */
  val: Source
  /** A folder for the figure and its runs. */
  out: string
  /** A small ModifiedResNet, if left out. */
  model?: InitialModel | undefined
  /** The figure's three, if left out. */
  objectives?: readonly Figured[]
  /** Images that each run processes: 30 times the data, if left out. */
  images?: number | undefined
  /** Examples in a step. Default: 128. */
  batch?: number
  /** 3, if left out. */
  seeds?: number
  /** Of more than one, the best for each objective is found by runs of a quarter of the images. */
  learningRates?: readonly number[]
  /** Constant after the warm-up, if left out: each point of a curve then is the end of a run of its own. */
  schedule?: Schedule['kind']
  /** How often a run is judged, each time after √2 times as many images: 12, if left out. */
  points?: number
  /** What a class is put into for judging, with `{}`; the objective's own, if left out. Bags of words take the class alone. */
  prompts?: readonly string[] | undefined
  /** How training images are cropped and coloured; `false`: as in evaluation. */
  augment?: Augmentation | false
  /** Threads of ONNX Runtime. Default: one for each physical core. */
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
  /** Runs that will be needed at most, with those that are finished. */
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

const figured: readonly Figured[] = ['lm', 'bow', 'bow-contrastive']
/** Of the images of a run, so many go into one of the sweep. */
const sweepShare = 1 / 4

/**
 * Makes the paper's Figure 2 at a small size: trains each objective on the same data and compares zero-shot accuracy by
 * images processed. Finished runs are not repeated, so that an interrupted figure continues.
 *
 * @throws UsageError for options that do not fit together, or that differ from those of the runs in the folder
 *
 * @example
 * ```ts
 * import { figure2, openSource } from 'typeclip/training'
 *
 * const data = await openSource('drawings.csv')
 * const val = await openSource('photos') // a folder for each class
 * for await (const event of figure2({ data, val, out: 'figure2' })) {
 *   if (event.kind === 'ran') console.log(event.run.objective, event.accuracy)
 * }
 * ```
 */
export async function* figure2(options: Figure2Options): AsyncGenerator<Figure2Event> {
  const { data, val, out, objectives = figured, batch = 128, seeds = 3, points = 12, schedule = 'constant' } = options
  const { learningRates = [3e-4, 1e-3, 3e-3], augment = {}, signal } = options
  if (!val.labels)
    throw new UsageError(
      `${val.name} has no classes, and the curves are accuracies over classes; give other data as \`val\``,
    )
  const images = options.images ?? 30 * data.size
  const steps = Math.round(images / batch)
  if (steps < 1)
    throw new UsageError(
      `${images} images do not fill one batch of ${batch}; choose more \`images\`, or a smaller \`batch\``,
    )
  const judgedAt = pointsOf(steps, points)
  await makeFolder(out)
  const model = options.model ?? (await smallModel(join(out, 'model.json')))
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
    const settings = { ...run, data: data.name, samples: data.size, val: val.name, batch, schedule, augment }
    const kept = await finishedRun(out, run, settings)
    number++
    yield { kind: 'run', run, number, finished: kept !== undefined }
    if (kept) return kept
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
      judgeAt: run.kind === 'sweep' ? [] : judgedAt,
      validate: judgeBy(val, { templates: options.prompts, threads: options.threads, signal }),
      threads: options.threads,
      signal,
    })
    for await (const event of events) {
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
    // What it takes to go on is large, and not needed any more.
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
        const found = yield* curveOf(run)
        if (!found) return yield { kind: 'interrupted' }
        const { accuracy } = found.curve.at(-1)!
        accuracies.push({ learningRate, accuracy, loss: found.loss })
        yield { kind: 'ran', run, accuracy }
      }
      best = bestOf(accuracies).learningRate
      sweeps[objective] = accuracies
      yield { kind: 'chosen', objective, learningRate: best, accuracies }
    }
    for (let seed = 0; seed < seeds; seed++) {
      const run: Figure2Run = { kind: 'seed', objective, learningRate: best, seed, steps }
      const found = yield* curveOf(run)
      if (!found) return yield { kind: 'interrupted' }
      runs.push(found)
      yield { kind: 'ran', run, accuracy: found.curve.at(-1)!.accuracy }
    }
  }
  const about = { data: data.name, val: val.name, chance: 1 / val.labels.length, images: steps * batch, batch }
  const report = summarize(about, runs, sweeps)
  await writeDrawing(join(out, 'figure2'), drawFigure2(report))
  await replaceFile(join(out, 'figure2.json'), `${JSON.stringify(report, null, 2)}\n`)
  await replaceFile(join(out, 'figure2.md'), tableOfFigure2(report))
  yield { kind: 'end', report }
}

async function smallModel(path: string): Promise<InitialModel> {
  await replaceFile(path, `${JSON.stringify(figure2Model, null, 2)}\n`)
  return openInitialModel(path)
}

/** Steps from the end backwards, each after √2 times fewer images. */
export function pointsOf(steps: number, points: number): number[] {
  const all = Array.from({ length: points }, (_, i) => Math.max(1, Math.round(steps / 2 ** (i / 2))))
  return [...new Set(all)].sort((a, b) => a - b)
}

const nameOf = ({ kind, objective, learningRate, seed }: Figure2Run): string =>
  join('runs', kind === 'sweep' ? `sweep-${objective}-${learningRate}` : `${objective}-seed-${seed}`)

/** What a run left when it was finished. @throws UsageError where it was another run */
async function finishedRun(out: string, run: Figure2Run, settings: object): Promise<RunCurve | undefined> {
  const path = join(out, nameOf(run), 'figure2.json')
  const text = await readFile(path, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const kept = JSON.parse(text) as { settings: object; result: RunCurve }
  if (JSON.stringify(kept.settings) === JSON.stringify(settings)) return kept.result
  throw new UsageError(
    `${path}: this run was made with other settings (${JSON.stringify(kept.settings)}); give those, or another \`out\``,
    { option: 'out' },
  )
}
