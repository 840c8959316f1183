// Every operator's gradient rule against finite differences, generated from the operator table.

import { Tensor as Value } from 'onnxruntime-common'
import { describe, expect, it } from 'vitest'
import { gradients } from '../../src/graph/gradient.ts'
import { toOnnx } from '../../src/graph/onnx.ts'
import { type OperatorName, operators } from '../../src/graph/operators/index.ts'
import { applyAll, input, type Tensor } from '../../src/graph/tensor.ts'
import { createRuntime } from '../../src/runtime/onnxruntime.node.ts'
import * as tolerance from '../tolerances.ts'
import { type Draw, type Sample, type SampleInput, samples, sizes } from './samples.ts'

const runtime = createRuntime({ threads: 1 })
const directions = 4
/** Small enough that the error of the formula below, `step⁴`, is small, and large enough that float32's rounding, `1e-7 / step`, is. */
const step = 2 ** -5

/** Numbers in [0, 1), the same ones for a seed (mulberry32). */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

const dims = ({ shape }: { shape: Tensor['shape'] }): number[] =>
  shape.map((dim) =>
    String(dim)
      .split('·')
      .reduce((product, name) => product * (sizes[name] ?? Number(name)), 1),
  )
const elements = (tensor: { shape: Tensor['shape'] }): number => dims(tensor).reduce((a, b) => a * b, 1)
const isIndex = (draw: Draw | undefined): draw is { below: number } => draw !== undefined && 'below' in draw

function values({ draw, ...rest }: SampleInput, next: () => number): number[] {
  return Array.from({ length: elements(rest) }, () => {
    const u = next()
    if (!draw) return 2 * u - 1
    if ('below' in draw) return Math.floor(u * draw.below)
    if ('from' in draw) return draw.from + u * (draw.to - draw.from)
    return (u < 0.5 ? -1 : 1) * (0.25 + next())
  })
}

/** The elements of each input or output. */
type Values = readonly (readonly number[])[]

/** Both derivatives of `Σ r · y` along some directions: by the rule, and by differences. */
async function compare(op: OperatorName, { inputs, attributes = {} }: Sample) {
  const next = random(1)
  const leaves = inputs.map(({ shape, draw }, i) => input(`x${i}`, isIndex(draw) ? 'int64' : 'float32', shape))
  const point = inputs.map((one) => values(one, next))
  const outputs = applyAll(op, leaves, attributes).map((y) => y.cast('float32'))
  const weights = outputs.map((y) => values(y, next))
  const weightInputs = outputs.map((y, i) => input(`r${i}`, 'float32', y.shape))
  const loss = outputs.map((y, i) => sumAll(y.mul(weightInputs[i]!))).reduce((sum, part) => sum.add(part))
  const trained = leaves.filter((leaf) => leaf.dtype === 'float32')
  const names = trained.map((leaf) => leaves.indexOf(leaf))
  const found = gradients(loss, trained)

  const feeds = (data: Values, prefix: string, tensors: readonly Tensor[]) =>
    Object.fromEntries(tensors.map((tensor, i) => [`${prefix}${i}`, value(tensor, data[i]!)]))
  const weighting = feeds(weights, 'r', weightInputs)

  const backward = await program(found)
  const byRule = await backward.run({ ...feeds(point, 'x', leaves), ...weighting })
  await backward.dispose()

  const forward = await program(outputs)
  /** The loss at a point, summed in double precision. */
  async function lossAt(at: Values): Promise<number> {
    const y = await forward.run(feeds(at, 'x', leaves))
    return weights.reduce((sum, r, i) => sum + dot(y[i]!, r), 0)
  }

  const results: { rule: number; differences: number; scale: number }[] = []
  for (let d = 0; d < directions; d++) {
    const along = leaves.map((leaf, i) => point[i]!.map(() => (leaf.dtype === 'int64' ? 0 : next() < 0.5 ? -1 : 1)))
    const at = (h: number) => lossAt(point.map((data, i) => data.map((value, j) => value + h * along[i]![j]!)))
    const [one, two] = [(await at(step)) - (await at(-step)), (await at(2 * step)) - (await at(-2 * step))]
    const terms = names.map((i, k) => ({ g: byRule[k]!, v: along[i]! }))
    results.push({
      rule: terms.reduce((sum, { g, v }) => sum + dot(g, v), 0),
      differences: (8 * one - two) / (12 * step),
      scale: Math.sqrt(terms.reduce((sum, { g }) => sum + dot(g, [...g]), 0)),
    })
  }
  await forward.dispose()
  return { results, found, trained }
}

const dot = (a: ArrayLike<number>, b: readonly number[]): number => b.reduce((sum, value, i) => sum + value * a[i]!, 0)
const sumAll = (x: Tensor): Tensor => (x.shape.length ? x.sum([...x.shape.keys()], false) : x)

const value = ({ dtype, shape }: Tensor, data: readonly number[]) =>
  dtype === 'int64'
    ? new Value('int64', BigInt64Array.from(data, BigInt), dims({ shape }))
    : new Value('float32', Float32Array.from(data), dims({ shape }))

/** Runs a graph with numbered results; values that it does not read are dropped. */
async function program(results: readonly Tensor[]) {
  const graph = Object.fromEntries(results.map((tensor, i) => [`${i}`, tensor]))
  const { inputs } = toOnnx(graph, (file) => file)
  const { run, dispose } = await runtime.compile(graph)
  return {
    dispose,
    async run(feeds: Record<string, Value>): Promise<Float32Array[]> {
      const read = Object.entries(feeds).filter(([name]) => inputs.has(name))
      const found = await run(Object.fromEntries(read))
      return results.map((_, i) => found[i]!.data as Float32Array)
    },
  }
}

describe.each(Object.keys(operators) as OperatorName[])('%s', (op) => {
  it('has a rule and samples', () => {
    expect(operators[op].gradient, 'a gradient rule').toBeDefined()
    expect(samples[op]?.length, 'samples in samples.ts').toBeGreaterThan(0)
  })

  it.each(samples[op] ?? [])('$inputs $attributes', async (sample) => {
    const { results, found, trained } = await compare(op, sample)
    expect(found.map(String)).toEqual(trained.map(String))
    for (const { rule, differences, scale } of results) {
      expect(Math.abs(rule - differences) / Math.max(scale, 1)).toBeLessThan(tolerance.finiteDifference)
    }
  })
})
