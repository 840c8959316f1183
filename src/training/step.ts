// One training step: the loss of a batch, its gradients, and the parameters after it. A batch larger than memory goes
// through in chunks, exactly (GradCache, Gao et al. 2021): features of all chunks, the loss over them, and then each chunk
// once more, to carry the features' gradients back to the parameters.

import { Tensor as Value } from 'onnxruntime-common'
import { distribution } from '../graph/distribute.ts'
import { gradients } from '../graph/gradient.ts'
import type { Graph } from '../graph/onnx.ts'
import { collectStages } from '../graph/scope.ts'
import { input, type Tensor } from '../graph/tensor.ts'
import type { Preprocessing } from '../image/transform.ts'
import type { ClipConfig } from '../model/config.ts'
import type { Lookup } from '../model/parameters.ts'
import { exampleInputs } from '../objectives/inputs.ts'
import type { Features, Objective } from '../objectives/objective.ts'
import type { Program, Runtime } from '../runtime/runtime.ts'
import { type AdamWOptions, adamW, type Moments, norm } from './adamw.ts'
import { type Batch, exampleValues } from './examples.ts'
import { arrangeParameters, declareParameters, gainOf, isBuffer, type ParameterArrays } from './parameters.ts'

/** What one training step measured. */
export interface StepReport {
  /** Mean loss of the batch, in nats. */
  loss: number
  /** The share of images whose own caption was the closest in the batch; undefined where the objective has no such thing. */
  accuracy: number | undefined
  /** `‖g‖` over all trained parameters, before clipping. */
  gradientNorm: number
}

/** A model in memory, and the operations that training needs. */
export interface Trainer {
  readonly parameters: ParameterArrays
  readonly moments: Moments
  /** Of the last step. */
  readonly gradients: Float32Array
  /** Loss and gradients; changes nothing but `gradients` and what the forward pass keeps (batch statistics). */
  backward(batch: Batch): Promise<{ loss: number; accuracy: number | undefined }>
  /** `backward`, then the optimiser. `t` is the step's number, from 1. */
  step(batch: Batch, options: { t: number; learningRate: number }): Promise<StepReport>
  /** The loss alone, of a batch that nothing is learnt from; batch normalisation is by the statistics that were kept. */
  loss(batch: Batch): Promise<{ loss: number; accuracy: number | undefined }>
  dispose(): Promise<void>
}

/** Options of `createTrainer`. */
export interface TrainerOptions {
  runtime: Runtime
  config: ClipConfig
  preprocessing: Preprocessing
  objective: Objective
  optimizer: AdamWOptions
  /** Largest `‖g‖`; none, if left out. */
  clipGradient?: number | undefined
  /** Examples that go through the towers at a time; the whole batch, if left out. */
  chunk?: number | undefined
  /** Computes the inside of each transformer block once more in the backward pass: a third more work, far less memory. */
  recompute?: boolean | undefined
  /** Which parameters are trained; all, if left out. */
  trained?: ((name: string) => boolean) | undefined
  /** Wraps the lookup of parameters; what it asks for beside the model's own are parameters too. */
  wrap?: ((lookup: Lookup) => Lookup) | undefined
  /** What the learning rate is multiplied with, for each parameter. */
  rate?: ((name: string) => number) | undefined
}

/** `visual.transformer.resblocks.3` of `visual.transformer.resblocks.3.attn`. */
export const transformerBlock = (scope: string): string | undefined => /^.*\bresblocks\.\d+/.exec(scope)?.[0]

const gradientName = (name: string): string => `gradient/${name}`
const soFarName = (name: string): string => `so far/${name}`
const keptName = (name: string): string => `kept/${name}`

/**
 * Compiles a training step: the forward pass, the backward pass and AdamW. `train` calls it; use it directly for a loop of
 * your own.
 */
export async function createTrainer(options: TrainerOptions): Promise<Trainer> {
  const { runtime, config, preprocessing, objective, optimizer, clipGradient, chunk } = options
  const { parameters: p, leaves } = declareParameters(options.wrap)
  const distributed = distribution()
  const asFeatures = (training: boolean): Features => {
    const found = objective.features(p, exampleInputs(config, { training }), config)
    return Object.fromEntries(Object.entries(found).map(([name, feature]) => [name, distributed(feature)]))
  }
  const evaluated = asFeatures(false)
  // A tower that is not trained keeps its statistics too, and is what it is in use.
  const { trained = () => true } = options
  const training = [...leaves.keys()].some((name) => isBuffer(name) && trained(gainOf(name)))
  const { result: features, stages } = collectStages(() => (training ? asFeatures(true) : evaluated))
  const inFeatures = new Set(leaves.keys())
  const loss = distributed(objective.loss(p, features))
  const parameters = arrangeParameters(leaves, options.trained)
  const { size, decayed } = parameters.trained
  const names = [...leaves.keys()].filter((name) => parameters.trained.names.includes(name))
  const kept = training ? [...leaves.keys()].filter(isBuffer) : []
  const grads = new Float32Array(size)
  const moments = { m: new Float32Array(size), v: new Float32Array(size) }

  const compile = (graph: Graph) => runtime.compile(graph, { planMemory: false })
  const buffers = (): Graph => Object.fromEntries(kept.map((name) => [keptName(name), distributed(stages.get(name)!)]))

  /**
   * Gradients of a scalar, in the order of the forward pass: ONNX Runtime begins with what a graph's last output needs, so
   * that each layer's gradients come with it, and what they were made of can be forgotten.
   */
  function gradientGraph(scalar: Tensor, of: readonly string[], soFar: boolean): Graph {
    const found = gradients(
      scalar,
      of.map((name) => leaves.get(name)!),
      options.recompute ? transformerBlock : undefined,
    )
    return Object.fromEntries(
      of.map((name, i): [string, Tensor] => {
        const sum = soFar ? found[i]!.add(input(soFarName(name), 'float32', leaves.get(name)!.shape)) : found[i]!
        return [gradientName(name), sum]
      }),
    )
  }
  const views = (of: readonly string[]) => Object.fromEntries(of.map((name) => [name, parameters.view(name)]))
  const gradientViews = (of: readonly string[]) =>
    Object.fromEntries(of.map((name) => [gradientName(name), parameters.view(name, grads)]))
  const all: Record<string, Value> = views([...leaves.keys()])
  const allGradients = gradientViews(names)
  const fed = (program: Program, values: Record<string, Value>) =>
    Object.fromEntries(program.inputs.map((name) => [name, values[name] ?? all[name]!]))
  const choices = (of: Readonly<Record<string, Tensor>>): Graph => {
    const choice = objective.choices?.(p, of)
    return choice ? { choices: distributed(choice) } : {}
  }

  async function whole() {
    const program = await compile({
      loss,
      ...choices(features),
      ...gradientGraph(loss, names, false),
      ...buffers(),
    })
    const into = {
      ...allGradients,
      ...Object.fromEntries(kept.map((name) => [keptName(name), parameters.view(name)])),
    }
    let forward: Promise<Program> | undefined
    return {
      async backward(batch: Batch) {
        const values = exampleValues(batch, preprocessing)
        return report(await program.run(fed(program, values), into), batch)
      },
      async loss(batch: Batch) {
        forward ??= compile({ loss: distributed(objective.loss(p, evaluated)), ...choices(evaluated) })
        const program = await forward
        return report(await program.run(fed(program, exampleValues(batch, preprocessing))), batch)
      },
      async dispose() {
        await program.dispose()
        await (await forward)?.dispose()
      },
    }
  }

  async function chunked(rows: number) {
    const featureNames = Object.keys(features)
    const ofLoss = names.filter((name) => !inFeatures.has(name))
    const ofFeatures = names.filter((name) => inFeatures.has(name))
    const given = Object.fromEntries(
      featureNames.map((name) => [name, input(`feature/${name}`, 'float32', features[name]!.shape)]),
    )
    const lossOfGiven = objective.loss(p, given)
    const featureGradients = gradients(
      lossOfGiven,
      featureNames.map((name) => given[name]!),
    )
    const upstream = featureNames.map((name) => input(`upstream/${name}`, 'float32', features[name]!.shape))
    const surrogate = featureNames
      .map((name, i) => features[name]!.mul(upstream[i]!))
      .map((product) => product.sum([...product.shape.keys()], false))
      .reduce((a, b) => a.add(b))

    const forward = await compile(Object.fromEntries(featureNames.map((name) => [`feature/${name}`, features[name]!])))
    const head = await compile({
      loss: lossOfGiven,
      ...choices(given),
      ...Object.fromEntries(featureNames.map((name, i) => [`upstream/${name}`, featureGradients[i]!])),
      ...gradientGraph(
        lossOfGiven,
        names.filter((name) => ofLoss.includes(name)),
        false,
      ),
    })
    const backward = await compile({ ...gradientGraph(surrogate, ofFeatures, true) })
    let headOfLoss: Promise<Program> | undefined
    const programs = [forward, head, backward]
    const into = gradientViews(ofFeatures)
    const soFar = Object.fromEntries(ofFeatures.map((name) => [soFarName(name), into[gradientName(name)]!]))
    const chunksOf = ({ ids: { length } }: Batch) =>
      Array.from({ length: Math.ceil(length / rows) }, (_, i) => [i * rows, Math.min(length, (i + 1) * rows)] as const)
    async function featuresOf(batch: Batch): Promise<Record<string, Value>> {
      const count = batch.ids.length
      const gathered = new Map<string, { data: Float32Array; dims: number[] }>()
      for (const [from, to] of chunksOf(batch)) {
        const found = await forward.run(fed(forward, exampleValues(batch, preprocessing, from, to)))
        for (const name of featureNames) {
          const { data, dims } = found[`feature/${name}`]!
          const width = data.length / (to - from)
          if (!gathered.has(name)) {
            gathered.set(name, { data: new Float32Array(count * width), dims: [count, ...dims.slice(1)] })
          }
          gathered.get(name)!.data.set(data as Float32Array, from * width)
        }
      }
      return Object.fromEntries(
        [...gathered].map(([name, { data, dims }]) => [`feature/${name}`, new Value('float32', data, dims)]),
      )
    }
    return {
      async backward(batch: Batch) {
        grads.fill(0)
        const count = batch.ids.length
        const featureValues = await featuresOf(batch)
        const found = await head.run(fed(head, featureValues), gradientViews(ofLoss))
        for (const [from, to] of chunksOf(batch)) {
          const values = exampleValues(batch, preprocessing, from, to)
          for (const name of featureNames) {
            const { data, dims } = found[`upstream/${name}`]!
            const width = data.length / count
            const part = (data as Float32Array).subarray(from * width, to * width)
            values[`upstream/${name}`] = new Value('float32', part, [to - from, ...dims.slice(1)])
          }
          await backward.run(fed(backward, { ...values, ...soFar }), into)
        }
        return report(found, batch)
      },
      async loss(batch: Batch) {
        headOfLoss ??= compile({ loss: lossOfGiven, ...choices(given) })
        const head = await headOfLoss
        return report(await head.run(fed(head, await featuresOf(batch))), batch)
      },
      async dispose() {
        for (const program of programs) await program.dispose()
        await (await headOfLoss)?.dispose()
      },
    }
  }

  function update(t: number, learningRate: number, scale: number): void {
    const { values } = parameters
    if (!options.rate) adamW(values, grads, moments, { t, learningRate, decayed, scale }, optimizer)
    for (const name of options.rate ? names : []) {
      const { from, to } = parameters.slots.get(name)!
      const part = (array: Float32Array) => array.subarray(from, to)
      const own = {
        t,
        learningRate: learningRate * options.rate!(name),
        decayed: from < decayed ? to - from : 0,
        scale,
      }
      adamW(part(values), part(grads), { m: part(moments.m), v: part(moments.v) }, own, optimizer)
    }
  }

  const passes = await (chunk === undefined ? whole() : chunked(chunk))
  return {
    parameters,
    moments,
    gradients: grads,
    backward: passes.backward,
    loss: passes.loss,
    async step(batch, { t, learningRate }) {
      const { loss, accuracy } = await passes.backward(batch)
      const gradientNorm = norm(grads)
      const scale = clipGradient === undefined ? 1 : Math.min(1, clipGradient / (gradientNorm + 1e-6))
      if (Number.isFinite(loss) && Number.isFinite(gradientNorm)) {
        update(t, learningRate, scale)
        for (const [name, [lowest, highest]] of Object.entries(objective.bounds ?? {})) {
          const slot = parameters.slots.get(name)
          if (slot && slot.from < size)
            parameters.values[slot.from] = Math.min(highest, Math.max(lowest, parameters.values[slot.from]!))
        }
      }
      return { loss, accuracy, gradientNorm }
    },
    dispose: passes.dispose,
  }
}

function report(
  found: Readonly<Record<string, Value>>,
  { labels }: Batch,
): { loss: number; accuracy: number | undefined } {
  const choices = found.choices?.data as BigInt64Array | undefined
  const right = choices?.reduce((count, choice, i) => count + (Number(choice) === (labels?.[i] ?? i) ? 1 : 0), 0)
  return {
    loss: (found.loss!.data as Float32Array)[0]!,
    accuracy: choices && right! / choices.length,
  }
}
