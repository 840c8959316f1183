// The linear probe (§3.2, appendix A.3): logistic regression on the frozen image encoder's features, as in OpenAI's README
// (C = 0.316, features not normalised), or with the best penalty on a validation set, as in the paper.

import { Tensor as Value } from 'onnxruntime-common'
import { matrixOf } from '../clip/matrix.ts'
import { UsageError } from '../errors.ts'
import { input } from '../graph/tensor.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Classifier } from '../zero-shot/classifier.ts'
import { predictions } from './classification.ts'
import type { LabelledFeatures } from './embed-samples.ts'
import { logisticRegressor, type Regression } from './logistic-regression/logistic-regression.ts'
import { negativeLogLikelihood } from './reliability.ts'

/** Features of images, with the class of each. */
export type Features = Pick<LabelledFeatures, 'features' | 'names' | 'labels'>

/** Options of `linearProbe`. */
export interface LinearProbeOptions {
  /** The inverse of the penalty, as in scikit-learn. Default: 0.316. */
  C?: number | undefined
  /** Chooses the penalty on this validation set, in place of `C`. */
  validation?: Features | undefined
  signal?: AbortSignal | undefined
  /** Called after each fit of the sweep. */
  onFit?: ((tried: Tried) => void) | undefined
}

/** A penalty of the sweep, with its accuracy and loss on the validation images. */
export interface Tried {
  C: number
  /** Accuracy, and mean negative log-likelihood, on the validation set. */
  accuracy: number
  loss: number
}

/** A fitted linear probe. */
export interface LinearProbe extends Pick<Regression, 'steps' | 'converged' | 'loss'> {
  /** The fitted weights and bias, for `classify` and `evaluateClassifier`. */
  classifier: Classifier
  /** The inverse of the penalty. */
  C: number
  /** The penalties tried, in order. */
  sweep: Tried[]
}

/** The grid of penalties `λ = 1 / C`: 96 steps from 1e-6 to 1e6, eight per decade. */
const grid = { steps: 96, perDecade: 8, lowest: -6 } as const
/** The sweep starts with every 16th step, then repeatedly halves the distance around the best (CLIP, appendix A.3). */
const coarsest = 16

/**
 * Fits a linear probe (§3.2 of the paper): multinomial logistic regression with an L2 penalty, by L-BFGS. Minimises
 * `Σ −log p + ‖W‖² / 2C`, as scikit-learn does; the bias is not penalised.
 *
 * @param train features `[n, width]` with the class of each
 * @throws UsageError for features that do not fit together
 */
export async function linearProbe(
  runtime: Runtime,
  train: Features,
  { C = 0.316, validation, signal, onFit }: LinearProbeOptions = {},
): Promise<LinearProbe> {
  const { names } = train
  const regressor = await logisticRegressor(runtime, { ...train, classes: names.length })
  try {
    const fitted = validation
      ? await sweep(validation)
      : { C, fit: await regressor.fit(C, { signal }), sweep: [] as Tried[] }
    const { weights, bias, steps, converged, loss } = fitted.fit
    const classifier: Classifier = { names, weights, bias, normalize: false }
    return { classifier, C: fitted.C, steps, converged, loss, sweep: fitted.sweep }
  } finally {
    await regressor.dispose()
  }

  async function sweep(validationSet: Features): Promise<{ C: number; fit: Regression; sweep: Tried[] }> {
    const validator = await createValidator(runtime, validationSet, names)
    const fits = new Map<number, { fit: Regression } & Validated>()
    const tried: Tried[] = []

    async function visit(step: number): Promise<void> {
      if (fits.has(step) || step < 0 || step > grid.steps) return
      const nearest = [...fits.keys()].sort((a, b) => Math.abs(a - step) - Math.abs(b - step))[0]
      const start = nearest === undefined ? undefined : fits.get(nearest)!.fit
      const fit = await regressor.fit(strength(step), { start, signal })
      const validated = await validator.run(fit)
      fits.set(step, { fit, ...validated })
      tried.push({ C: strength(step), ...validated })
      onFit?.(tried.at(-1)!)
    }

    // With few images many penalties tie on accuracy; break ties by validation loss.
    const best = (): number =>
      [...fits].sort(([i, a], [j, b]) => b.accuracy - a.accuracy || a.loss - b.loss || j - i)[0]![0]
    try {
      for (let step = grid.steps; step >= 0; step -= coarsest) await visit(step)
      for (let width = coarsest / 2; width >= 1; width /= 2) {
        const middle = best()
        await visit(middle + width)
        await visit(middle - width)
      }
    } finally {
      await validator.dispose()
    }
    return { C: strength(best()), fit: fits.get(best())!.fit, sweep: tried }
  }
}

const strength = (step: number): number => 10 ** -(grid.lowest + step / grid.perDecade)

type Validated = Pick<Tried, 'accuracy' | 'loss'>

/** Evaluates fits on a validation set. */
async function createValidator(
  runtime: Runtime,
  { features, labels, names: ownNames }: Features,
  names: readonly string[],
): Promise<{ run(fit: Regression): Promise<Validated>; dispose(): Promise<void> }> {
  const [[n, width], classes] = [features.shape, names.length]
  const expected = Array.from(labels, (label) => names.indexOf(ownNames[label]!))
  const unknown = ownNames.find((name) => !names.includes(name))
  if (unknown !== undefined) throw new UsageError(`class ${unknown} of the validation set has no training image`)
  const x = input('x', 'float32', [n, width])
  const w = input('w', 'float32', [classes, width])
  const program = await runtime.compile({ z: x.matmulTransposed(w).add(input('b', 'float32', [classes])) })
  const values = new Value('float32', features.data, features.shape)
  return {
    async run({ weights, bias }) {
      const { z } = await program.run({
        x: values,
        w: new Value('float32', weights, [classes, width]),
        b: new Value('float32', bias, [classes]),
      })
      const scores = matrixOf(z!)
      const correct = predictions(scores).filter((answer, i) => answer === expected[i])
      return { accuracy: correct.length / labels.length, loss: negativeLogLikelihood(scores, expected) }
    },
    dispose: () => program.dispose(),
  }
}
