// WiSE-FT (Wortsman et al. 2022): interpolates the weights of the zero-shot and the fine-tuned model,
//
//     θ(α) = (1 − α) θ₀ + α θ₁,
//
// head included. Both models are kept; the accuracy over α is measured and drawn, and the folder holds the model at one α.

import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { drawing } from '../../charts/line-chart.ts'
import { UsageError } from '../../errors.ts'
import { copyFiles, replaceJson } from '../../files/atomic.node.ts'
import { type InitialModel, openInitialModel } from '../../training/initial-model.node.ts'
import { writeDrawing } from '../../training/run/curves.node.ts'
import { writeModel } from '../../training/run/saved-model.node.ts'
import type { Classifier } from '../../zero-shot/classifier.ts'
import { readClassifier, writeClassifier } from '../../zero-shot/classifier-file.node.ts'
import type { Method, MethodRun, Task } from '../method.ts'
import { type AugmentOption, augmentOption, type LoopOptions, loopOptions, type OptionTable } from '../options.ts'
import { evaluated, trained } from '../training-loop.node.ts'
import { fullAdaptation, fullRecipe } from './full.node.ts'

/** Folders of the two models. */
export const ends = ['zero-shot', 'fine-tuned'] as const

/** `(1 − α) a + α b` */
export const interpolateWeights = (a: Float32Array, b: Float32Array, alpha: number): Float32Array =>
  a.map((value, i) => (1 - alpha) * value + alpha * b[i]!)

/** Accuracy at one α of WiSE-FT. */
export interface CurvePoint {
  /** 0: the original weights; 1: the fine-tuned ones. */
  alpha: number
  /** On the validation set. */
  top1: number
}

/** Interpolates two models of the same shapes, and their classifiers, and writes the result to a folder. */
export async function writeInterpolated(
  folder: string,
  [a, b]: readonly [string, string],
  alpha: number,
): Promise<void> {
  const [from, to] = [await openInitialModel(a), await openInitialModel(b)]
  const model: InitialModel = {
    ...from,
    async read(name) {
      const [first, second] = [await from.read(name), await to.read(name)]
      return first && second ? interpolateWeights(first, second, alpha) : first
    },
  }
  await writeModel(folder, { model })
  const [head, other] = [await readClassifier(a), await readClassifier(b)]
  if (head && other) await writeClassifier(folder, interpolatedHead(head, other, alpha))
}

function interpolatedHead(a: Classifier, b: Classifier, alpha: number): Classifier {
  const noBias = new Float32Array(a.names.length)
  return {
    names: a.names,
    weights: interpolateWeights(a.weights, b.weights, alpha),
    bias: interpolateWeights(a.bias ?? noBias, b.bias ?? noBias, alpha),
  }
}

/** Writes `wise-ft.json`, `wise-ft.svg` and `wise-ft.png`. */
export async function writeCurve(out: string, curve: readonly CurvePoint[], chosen: number): Promise<void> {
  await replaceJson(join(out, 'wise-ft.json'), { alpha: chosen, curve })
  const points = curve.map(({ alpha, top1 }) => [alpha, top1] as const)
  const chart = {
    title: 'Accuracy between zero-shot (0) and fine-tuned (1)',
    xLabel: `α (the folder holds the model at ${chosen})`,
    formatY: (y: number) => `${Number((100 * y).toPrecision(4))} %`,
    series: [{ points, color: 0, dots: true }],
  }
  await writeDrawing(join(out, 'wise-ft'), drawing([chart]))
}

/** Options of WiSE-FT. */
export interface WiseFtOptions {
  /** The interpolation from zero-shot (0) to fine-tuned (1). Default: 0.5. */
  alpha?: number | undefined
}

const defaultAlpha = 0.5
const options: OptionTable<WiseFtOptions> = {
  alpha: { type: 'number', value: 'X', help: `0 (zero-shot) to 1 (fine-tuned), default ${defaultAlpha}` },
}

type Own = LoopOptions & AugmentOption & WiseFtOptions

async function* wise(task: Task<Own>): MethodRun {
  const { out, settings, model, zeroShot, words } = task
  const { alpha = defaultAlpha, signal } = settings
  const [first, last] = [join(out, ends[0]), join(out, ends[1])]
  const taken = yield* trained(task, { ...fullAdaptation(task), name: 'wise-ft' }, fullRecipe)
  if (signal?.aborted) return undefined
  await writeModel(first, { model })
  await writeClassifier(first, { names: words, weights: zeroShot.weights, bias: zeroShot.bias })
  await mkdir(last, { recursive: true })
  await copyFiles(join(out, 'best'), last)

  const curve: CurvePoint[] = []
  const between = join(out, 'between')
  for (let i = 0; i <= 10; i++) {
    signal?.throwIfAborted()
    await writeInterpolated(between, [first, last], i / 10)
    const { top1 } = await evaluated(between, task)
    curve.push({ alpha: i / 10, top1 })
    yield { kind: 'progress', what: 'points of the curve', done: i + 1, of: 11, numbers: { alpha: i / 10, top1 } }
  }
  await rm(between, { recursive: true, force: true })
  await writeCurve(out, curve, alpha)
  await writeInterpolated(out, [first, last], alpha)
  return { ...taken, alpha, curve }
}

export const wiseFt: Method<Own> = {
  summary: 'full, then averages the weights half-way back to the original model; draws the curve between',
  defaults: fullRecipe,
  options: { ...loopOptions, ...augmentOption, ...options },
  check({ alpha = defaultAlpha }) {
    if (alpha >= 0 && alpha <= 1) return
    throw new UsageError(`\`alpha\` of wise-ft is between 0 and 1; found ${alpha}`, { option: 'alpha' })
  },
  run: wise,
}
