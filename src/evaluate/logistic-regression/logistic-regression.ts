// Multinomial logistic regression with an L2 penalty (§3.2, appendix A.3): scikit-learn's LogisticRegression, fitted by
// L-BFGS. The large products are a graph and its gradients, run by ONNX Runtime.

import { Tensor as Value } from 'onnxruntime-common'
import { type Matrix, rowRange } from '../../clip/matrix.ts'
import { UsageError } from '../../errors.ts'
import { gradients } from '../../graph/gradient.ts'
import { input } from '../../graph/tensor.ts'
import type { Program, Runtime } from '../../runtime/runtime.ts'
import { createCurvature } from './curvature.ts'
import { type Evaluation, type LbfgsOptions, lbfgs } from './lbfgs.ts'

/** Features with the class of each row. */
export interface Examples {
  /** `[n, width]` */
  features: Matrix
  labels: Int32Array
  classes: number
}

/** A fitted logistic regression. */
export interface Regression {
  /** `[classes, width]`, row-major: logits are features times these, plus the bias. */
  weights: Float32Array
  bias: Float32Array
  /** The final penalised loss. */
  loss: number
  /** Steps of L-BFGS. */
  steps: number
  /** Whether it converged within float32; false if the limit of steps was reached. */
  converged: boolean
}

/** Options of logistic regression. */
export interface RegressionOptions extends Pick<LbfgsOptions, 'tolerance' | 'maxSteps' | 'onStep'> {
  /** Initial values, such as the result for another penalty. Default: zeros. */
  start?: Pick<Regression, 'weights' | 'bias'> | undefined
  signal?: AbortSignal | undefined
}

/** A regression over one set of examples, for any number of penalties. */
export interface Regressor {
  /**
   * Minimises `Σᵢ −log softmax(W xᵢ + b)[yᵢ] + ‖W‖² / 2C`; the bias has no penalty. With two classes, the penalty is on the
   * difference of their weights, as in scikit-learn, whose single row of coefficients is that difference.
   */
  fit(C: number, options?: RegressionOptions): Promise<Regression>
  dispose(): Promise<void>
}

/** Elements of the largest matrix of one run, so that it stays in the cache for both products. */
const maxElements = 1 << 20
/** Steps after which the curvature is updated. */
const updateSteps: readonly number[] = [3, 8, 20, 60]

/**
 * Prepares logistic regression on some examples, to be fitted with one penalty or several. Give it back with `dispose`.
 *
 * @throws UsageError for examples that do not fit together
 */
export async function logisticRegressor(runtime: Runtime, examples: Examples): Promise<Regressor> {
  checkExamples(examples)
  const { features, classes, labels } = examples
  const [, width] = features.shape
  const size = classes * (width + 1)
  const { loss, doubt } = await compile(runtime, width, classes)
  const blocks = cut(examples)

  function parameters(x: Float64Array): { weights: Value; bias: Value } {
    const values = Float32Array.from(x)
    return {
      weights: new Value('float32', values.subarray(0, classes * width), [classes, width]),
      bias: new Value('float32', values.subarray(classes * width), [classes]),
    }
  }

  async function evaluate(x: Float64Array, penalty: number, signal?: AbortSignal): Promise<Evaluation> {
    const inputs = parameters(x)
    const gradient = new Float64Array(size)
    let value = 0
    for (const block of blocks) {
      signal?.throwIfAborted()
      const outputs = await loss.run({ ...block, ...inputs })
      value += (outputs.loss!.data as Float32Array)[0]!
      accumulate(gradient, outputs.dWeights!.data as Float32Array, 0)
      accumulate(gradient, outputs.dBias!.data as Float32Array, classes * width)
    }
    for (let i = 0; i < classes * width; i++) {
      value += (penalty / 2) * x[i]! ** 2
      gradient[i]! += penalty * x[i]!
    }
    return { value, gradient }
  }

  async function uncertainty(x: Float64Array): Promise<Float32Array> {
    const inputs = parameters(x)
    const all = new Float32Array(labels.length)
    let end = 0
    for (const { features } of blocks) {
      const part = (await doubt.run({ features, ...inputs })).uncertainty!.data as Float32Array
      all.set(part, end)
      end += part.length
    }
    return all
  }

  return {
    async fit(C, { start, signal, ...options } = {}) {
      if (!(C > 0)) throw new UsageError(`\`C\` is ${C}; expected a number above 0 (large is little penalty)`)
      // ±w / 2 for the two rows have half the square length of w, their difference.
      const penalty = (classes === 2 ? 2 : 1) / C
      const from = new Float64Array(size)
      if (start) {
        from.set(start.weights)
        from.set(start.bias, classes * width)
      }
      const curvature = await createCurvature(runtime, examples, penalty)
      try {
        await curvature.update(await uncertainty(from))
        const minimum = await lbfgs(
          {
            evaluate: (x) => evaluate(x, penalty, signal),
            precondition: curvature.apply,
            async follow(x, step) {
              if (updateSteps.includes(step)) await curvature.update(await uncertainty(x))
            },
          },
          from,
          options,
        )
        const { x, value, steps, converged } = minimum
        const values = Float32Array.from(x)
        return {
          weights: values.slice(0, classes * width),
          bias: values.slice(classes * width),
          loss: value,
          steps,
          converged,
        }
      } finally {
        await curvature.dispose()
      }
    },
    async dispose() {
      await loss.dispose()
      await doubt.dispose()
    },
  }
}

function checkExamples({ features, labels, classes }: Examples): void {
  if (labels.length === 0) throw new UsageError('there are no examples to fit a regression to')
  const { data, shape } = features
  const [n, width] = shape
  if (n !== labels.length || data.length !== n * width) {
    throw new UsageError(
      `${data.length} numbers for ${labels.length} examples of width ${width}; expected ${labels.length * width}`,
    )
  }
  if (classes < 2) throw new UsageError(`a classifier needs two classes at least; found ${classes}`)
  const wrong = labels.findIndex((label) => label < 0 || label >= classes)
  if (wrong >= 0) throw new UsageError(`label ${labels[wrong]} of example ${wrong} is none of ${classes} classes`)
}

/**
 * Programs for a block of examples: the loss and its gradients, as sums, so that blocks add up; and each example's share of the
 * curvature (`createCurvature`), `uᵢ = 2 (1 − Σ_c p_ic²) / K`. The factor 2 is because an uncertain example is mostly between
 * two classes, and the curvature along their difference is twice that along one of them.
 */
async function compile(runtime: Runtime, width: number, classes: number): Promise<{ loss: Program; doubt: Program }> {
  const features = input('features', 'float32', ['n', width])
  const labels = input('labels', 'int64', ['n', 1])
  const weights = input('weights', 'float32', [classes, width])
  const bias = input('bias', 'float32', [classes])
  const logits = features.matmulTransposed(weights).add(bias).is('n', classes)
  const loss = logits.logSumExp([1]).sub(logits.gatherElements(labels, 1)).sum([0, 1], false)
  const [dWeights, dBias] = gradients(loss, [weights, bias])
  const p = logits.softmax()
  return {
    loss: await runtime.compile({ loss, dWeights: dWeights!, dBias: dBias! }),
    doubt: await runtime.compile({ uncertainty: p.sub(p.mul(p)).mean([1], false).mul(2) }),
  }
}

/** Blocks of rows, small enough to stay in the cache between the two products. */
function cut({ features, labels, classes }: Examples): Record<'features' | 'labels', Value>[] {
  const rows = Math.max(64, Math.floor(maxElements / Math.max(features.shape[1], classes)))
  return Array.from({ length: Math.ceil(labels.length / rows) }, (_, i) => {
    const { data, shape } = rowRange(features, i * rows, (i + 1) * rows)
    return {
      features: new Value('float32', data, shape),
      labels: new Value('int64', BigInt64Array.from(labels.subarray(i * rows, (i + 1) * rows), BigInt), [shape[0], 1]),
    }
  })
}

function accumulate(total: Float64Array, part: Float32Array, offset: number): void {
  for (let i = 0; i < part.length; i++) total[offset + i]! += part[i]!
}
