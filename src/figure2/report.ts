// The numbers of Figure 2: the accuracy of each objective by images processed, over several seeds, and how much more efficient
// each objective is than the one before.

import type { ObjectiveName } from '../objectives/index.ts'
import { type AccuracyAt, efficiency, type MeanAndSpread, meanAndSpread } from './efficiency.ts'

/** The curves, least efficient first as in the paper; the last one is the released CLIP's, which is not in the figure. */
export const figureNames = {
  lm: 'transformer language model',
  bow: 'bag of words prediction',
  'bow-contrastive': 'bag of words contrastive',
  contrastive: 'text transformer contrastive',
} as const satisfies Partial<Record<ObjectiveName, string>>

/** An objective that the figure can show. */
export type Figured = keyof typeof figureNames

/** The validations of one run. */
export interface RunCurve {
  objective: Figured
  seed: number
  learningRate: number
  parameters: number
  /** The mean training loss over the last tenth of the run. */
  loss: number
  curve: readonly AccuracyAt[]
}

/** The result of a learning rate in the sweep. */
export type Sweep = Pick<RunCurve, 'learningRate' | 'loss'> & { accuracy: number }

/** The one with the highest accuracy; ties, which are common near chance, are broken by the lower loss. */
export const bestOf = (sweep: readonly Sweep[]): Sweep =>
  sweep.reduce((a, b) => (b.accuracy > a.accuracy || (b.accuracy === a.accuracy && b.loss < a.loss) ? b : a))

/** An objective's accuracy against images seen, over all seeds. */
export interface ObjectiveCurve {
  objective: Figured
  name: string
  learningRate: number
  /** The results of the sweep; empty without one. */
  sweep: readonly Sweep[]
  /** Number of trained parameters. */
  parameters: number
  curve: ({ images: number } & MeanAndSpread)[]
  seeds: { seed: number; curve: readonly AccuracyAt[] }[]
}

/** A point of a curve. */
export interface Step {
  from: Figured
  to: Figured
  /** The images that `from` needs, divided by those that `to` needs, at the highest accuracy that both reach; over seeds. */
  efficiency: (MeanAndSpread & { accuracy: number; images: { slow: number; fast: number }; seeds: number }) | undefined
  /** Accuracy at the end, `to` minus `from`, with its standard error over seeds; null with one seed. */
  gain: { mean: number; error: number | null }
  /** Whether the gain is more than two of its standard errors; null with one seed. */
  beyondNoise: boolean | null
}

/** The figure's numbers, written as `figure2.json`. */
export interface Figure2Report {
  data: string
  val: string
  /** The accuracy of guessing. */
  chance: number
  images: number
  batch: number
  objectives: ObjectiveCurve[]
  steps: Step[]
}

export type Sweeps = Readonly<Partial<Record<Figured, ObjectiveCurve['sweep']>>>

/** Summarises the runs of all seeds, which were validated after the same numbers of images. */
export function summarize(
  about: Pick<Figure2Report, 'data' | 'val' | 'chance' | 'images' | 'batch'>,
  runs: readonly RunCurve[],
  sweeps: Sweeps = {},
): Figure2Report {
  const names = (Object.keys(figureNames) as Figured[]).filter((name) =>
    runs.some(({ objective }) => objective === name),
  )
  const of = (name: Figured) => runs.filter(({ objective }) => objective === name)
  const pairs = names.slice(1).map((to, i): [Figured, Figured] => [names[i]!, to])
  if (names.includes('lm') && names.includes('bow-contrastive')) pairs.push(['lm', 'bow-contrastive'])
  return {
    ...about,
    objectives: names.map((name) => objectiveCurve(name, of(name), sweeps[name] ?? [])),
    steps: pairs.map(([from, to]) => step(from, to, of(from), of(to))),
  }
}

function objectiveCurve(objective: Figured, runs: readonly RunCurve[], sweep: ObjectiveCurve['sweep']): ObjectiveCurve {
  const [first] = runs
  return {
    objective,
    name: figureNames[objective],
    learningRate: first!.learningRate,
    sweep,
    parameters: first!.parameters,
    curve: first!.curve.map(({ images }, i) => ({
      images,
      ...meanAndSpread(runs.map(({ curve }) => curve[i]!.accuracy)),
    })),
    seeds: runs.map(({ seed, curve }) => ({ seed, curve })),
  }
}

function step(from: Figured, to: Figured, slow: readonly RunCurve[], fast: readonly RunCurve[]): Step {
  const measured = slow.flatMap(({ seed, curve }) => {
    const other = fast.find((run) => run.seed === seed)
    return (other && efficiency(curve, other.curve)) ?? []
  })
  const average = (pick: (e: (typeof measured)[number]) => number) => meanAndSpread(measured.map(pick)).mean
  const ends = (runs: readonly RunCurve[]) => meanAndSpread(runs.map(({ curve }) => curve.at(-1)!.accuracy))
  const [a, b] = [ends(slow), ends(fast)]
  const mean = b.mean - a.mean
  const error =
    a.spread === null || b.spread === null ? null : Math.sqrt(a.spread ** 2 / slow.length + b.spread ** 2 / fast.length)
  return {
    from,
    to,
    efficiency:
      measured.length === 0
        ? undefined
        : {
            ...meanAndSpread(measured.map(({ ratio }) => ratio)),
            accuracy: average(({ accuracy }) => accuracy),
            images: { slow: average(({ images }) => images.slow), fast: average(({ images }) => images.fast) },
            seeds: measured.length,
          },
    gain: { mean, error },
    beyondNoise: error === null ? null : mean > 2 * error,
  }
}
