// GradCache (Gao, Zhang, Han and Callan 2021, "Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup"):
// the exact gradient of a large batch in the memory of a small one. The loss L depends on the parameters θ through
// features F of single examples, and a little (the temperature) directly, so by the chain rule
//
//     dL/dθ = ∂L/∂θ + Σ over chunks c of (dL/dF_c)ᵀ · dF_c/dθ
//
// 1. Forward, chunk by chunk: F_c = features(θ, examples_c). Only the features are kept.
// 2. The loss of all features: L = loss(θ, F), with ∂L/∂θ and the features' gradients U = dL/dF.
// 3. Backward, chunk by chunk: F_c again, and the gradient by θ of the scalar Σ F_c · U_c, U_c held constant. It is
//    added to that of the chunks before.

import { Tensor as Value } from 'onnxruntime-common'
import { gradients } from '../graph/gradient.ts'
import { input } from '../graph/tensor.ts'
import type { Program } from '../runtime/runtime.ts'
import { type Batch, exampleValues } from './collate.ts'
import { accumulatedGradient, batchLoss, gradientOf, type Passes, type TrainingGraph } from './training-graph.ts'

const featureOf = (name: string): string => `feature/${name}`
const upstreamOf = (name: string): string => `upstream/${name}`

/** @param rows examples in a chunk; the last one may be smaller */
export async function gradCache(graph: TrainingGraph, rows: number): Promise<Passes> {
  const { objective, p, features, preprocessing, trainedNames, readByFeatures, gradientArray } = graph
  const featureNames = Object.keys(features)
  const lossParameters = trainedNames.filter((name) => !readByFeatures.has(name))
  const featureParameters = trainedNames.filter((name) => readByFeatures.has(name))

  // The loss as a function of features that are inputs, and of θ directly.
  const cached = Object.fromEntries(
    featureNames.map((name) => [name, input(featureOf(name), 'float32', features[name]!.shape)]),
  )
  const loss = objective.loss(p, cached)
  const upstream = gradients(
    loss,
    featureNames.map((name) => cached[name]!),
  )

  // Σ F · U, with U as an input.
  const surrogate = featureNames
    .map((name) => features[name]!.mul(input(upstreamOf(name), 'float32', features[name]!.shape)))
    .map((product) => product.sum([...product.shape.keys()], false))
    .reduce((a, b) => a.add(b))

  const forward = await graph.compile(
    Object.fromEntries(featureNames.map((name) => [featureOf(name), features[name]!])),
  )
  const head = await graph.compile({
    loss,
    ...graph.choices(cached),
    ...Object.fromEntries(featureNames.map((name, i) => [upstreamOf(name), upstream[i]!])),
    ...graph.gradientsOf(loss, lossParameters),
  })
  const backward = await graph.compile(graph.gradientsOf(surrogate, featureParameters, { accumulate: true }))
  let evaluation: Promise<Program> | undefined

  const lossGradients = graph.gradientViews(lossParameters)
  const featureGradients = graph.gradientViews(featureParameters)
  const accumulated = Object.fromEntries(
    featureParameters.map((name) => [accumulatedGradient(name), featureGradients[gradientOf(name)]!]),
  )

  function* chunksOf({ ids: { length } }: Batch): Generator<[from: number, to: number]> {
    for (let from = 0; from < length; from += rows) yield [from, Math.min(length, from + rows)]
  }

  async function allFeatures(batch: Batch): Promise<Record<string, Value>> {
    const count = batch.ids.length
    const joined: Record<string, Value> = {}
    for (const [from, to] of chunksOf(batch)) {
      const chunk = await forward.run(graph.feeds(forward, exampleValues(batch, preprocessing, from, to)))
      for (const name of Object.keys(chunk)) {
        const { data, dims } = chunk[name]!
        const width = data.length / (to - from)
        joined[name] ??= new Value('float32', new Float32Array(count * width), [count, ...dims.slice(1)])
        ;(joined[name].data as Float32Array).set(data as Float32Array, from * width)
      }
    }
    return joined
  }

  return {
    async backward(batch) {
      gradientArray.fill(0)
      const outputs = await head.run(graph.feeds(head, await allFeatures(batch)), lossGradients)
      for (const [from, to] of chunksOf(batch)) {
        const values = exampleValues(batch, preprocessing, from, to)
        for (const name of featureNames) values[upstreamOf(name)] = rowsOf(outputs[upstreamOf(name)]!, from, to)
        await backward.run(graph.feeds(backward, { ...values, ...accumulated }), featureGradients)
      }
      return batchLoss(outputs, batch)
    },
    async loss(batch) {
      evaluation ??= graph.compile({ loss, ...graph.choices(cached) })
      const program = await evaluation
      return batchLoss(await program.run(graph.feeds(program, await allFeatures(batch))), batch)
    },
    async dispose() {
      for (const program of [forward, head, backward]) await program.dispose()
      await (await evaluation)?.dispose()
    },
  }
}

/** Rows `from … to` of a float32 value. */
function rowsOf({ data, dims }: Value, from: number, to: number): Value {
  const width = data.length / dims[0]!
  return new Value('float32', (data as Float32Array).subarray(from * width, to * width), [to - from, ...dims.slice(1)])
}
