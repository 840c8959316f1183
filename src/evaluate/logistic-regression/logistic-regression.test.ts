// Against scikit-learn's LogisticRegression, fitted in float64 until nothing changes (fixtures/make/evaluate.py).

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { openCheckpoint } from '../../checkpoint/open.node.ts'
import { readTensor } from '../../checkpoint/read.node.ts'
import { dot, inRows, rowOf } from '../../clip/matrix.ts'
import { createRuntime } from '../../runtime/onnxruntime.node.ts'
import { predictions } from '../classification.ts'
import { type Examples, logisticRegressor, type Regression } from './logistic-regression.ts'

const fixture = (name: string): string => fileURLToPath(new URL(`../../../fixtures/evaluate/${name}`, import.meta.url))
const cases: Record<string, { C: number; classes: number; accuracy: number }> = JSON.parse(
  readFileSync(fixture('regression.json'), 'utf8'),
)
const { tensors } = await openCheckpoint(fixture('regression.safetensors'))
const read = (name: string) => readTensor(tensors.get(name)!)
const runtime = createRuntime({ threads: 1 })

async function examplesOf(name: string): Promise<Examples> {
  const { classes } = cases[name]!
  const width = tensors.get(`${name}/X`)!.shape[1]!
  return {
    features: inRows((await read(`${name}/X`)) as Float32Array, width),
    labels: (await read(`${name}/labels`)) as Int32Array,
    classes,
  }
}

function accuracy({ features, labels, classes }: Examples, { weights, bias }: Regression): number {
  const rows = inRows(weights, features.shape[1])
  const data = Float32Array.from({ length: labels.length * classes }, (_, i) => {
    const [row, c] = [Math.floor(i / classes), i % classes]
    return dot(rowOf(features, row), rowOf(rows, c), bias[c]!)
  })
  return predictions(inRows(data, classes)).filter((found, i) => found === labels[i]).length / labels.length
}

/** scikit-learn keeps one row of two classes: the second less the first. */
const asTheirs = (values: Float32Array, classes: number): number[] => {
  const half = values.length / 2
  return classes === 2 ? Array.from({ length: half }, (_, i) => values[half + i]! - values[i]!) : [...values]
}

const furthest = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.max(...Array.from(a, (x, i) => Math.abs(x - b[i]!)))

describe.each(Object.keys(cases))('of the case "%s"', (name) => {
  it("finds scikit-learn's coefficients within 1e-3, and its accuracy", async () => {
    const { C, classes, accuracy: theirs } = cases[name]!
    const examples = await examplesOf(name)
    const regressor = await logisticRegressor(runtime, examples)
    const found = await regressor.fit(C)
    await regressor.dispose()
    expect(found.converged).toBe(true)
    expect(furthest(asTheirs(found.weights, classes), (await read(`${name}/coef`)) as Float32Array)).toBeLessThan(1e-3)
    expect(furthest(asTheirs(found.bias, classes), (await read(`${name}/intercept`)) as Float32Array)).toBeLessThan(
      1e-3,
    )
    expect(accuracy(examples, found)).toBe(theirs)
    expect(found.steps).toBeLessThan(60)
  })
})

describe('a regressor', async () => {
  const examples = await examplesOf('three')
  const regressor = await logisticRegressor(runtime, examples)
  afterAll(() => regressor.dispose())

  it('begun at the result for a near penalty takes fewer steps and ends at the same place', async () => {
    const near = await regressor.fit(0.3)
    const cold = await regressor.fit(0.316)
    const warm = await regressor.fit(0.316, { start: near })
    expect(warm.steps).toBeLessThan(cold.steps)
    expect(furthest(warm.weights, cold.weights)).toBeLessThan(1e-4)
  })

  it('tells each step, whose losses fall', async () => {
    const losses: number[] = []
    const { loss, steps } = await regressor.fit(0.316, { onStep: (_, value) => losses.push(value) })
    expect(losses).toHaveLength(steps)
    expect(losses.at(-1)).toBe(loss)
    for (const [i, value] of losses.slice(1).entries()) expect(value).toBeLessThan(losses[i]! * (1 + 1e-6))
  })

  it('stops when it is told to', async () => {
    await expect(regressor.fit(1, { signal: AbortSignal.abort() })).rejects.toThrow('aborted')
  })

  it('refuses a penalty that is none, one class, labels that are no class, and features that are not finite', async () => {
    await expect(regressor.fit(0)).rejects.toThrow('`C` is 0')
    const refused = (other: Partial<Examples>) => expect(logisticRegressor(runtime, { ...examples, ...other })).rejects
    await refused({ classes: 1 }).toThrow('needs two classes at least; found 1')
    await refused({ classes: 2 }).toThrow('label 2 of example')
    await refused({ features: inRows(examples.features.data, 5) }).toThrow('of width 5')
    const { data, shape } = examples.features
    const nan = await logisticRegressor(runtime, { ...examples, features: { data: data.map(() => NaN), shape } })
    await expect(nan.fit(1)).rejects.toThrow('not finite')
    await nan.dispose()
  })
})
