// The graph that a training step runs: an objective's features and loss over parameters that are inputs, and its gradients
// as more graph.

import type { Tensor as Value } from 'onnxruntime-common'
import { distribution } from '../graph/distribute.ts'
import { gradients } from '../graph/gradient.ts'
import type { Graph } from '../graph/onnx.ts'
import { collectStages } from '../graph/scope.ts'
import { input, type Tensor } from '../graph/tensor.ts'
import type { Preprocessing } from '../image/transform.ts'
import type { ClipConfig } from '../model/config.ts'
import { gainOf, isBuffer, transformerBlock } from '../model/parameter-names.ts'
import type { Lookup } from '../model/parameters.ts'
import { exampleInputs } from '../objectives/inputs.ts'
import type { Features, Objective } from '../objectives/objective.ts'
import type { Program, Runtime } from '../runtime/runtime.ts'
import type { Batch } from './collate.ts'
import { arrangeParameters, declareParameters } from './parameters.ts'

/** What a training graph is made of. */
export interface TrainingGraphOptions {
  runtime: Runtime
  config: ClipConfig
  preprocessing: Preprocessing
  objective: Objective
  /** Computes the inside of each transformer block again in the backward pass: a third more work, far less memory. */
  recompute?: boolean | undefined
  /** Which parameters are trained. Default: all. */
  trained?: ((name: string) => boolean) | undefined
  /** Wraps the lookup of parameters; names that it adds are parameters too. */
  wrap?: ((lookup: Lookup) => Lookup) | undefined
}

/** A forward and backward pass over a batch: in one program (whole-batch.ts) or chunk by chunk (grad-cache.ts). */
export interface Passes {
  /** Computes the loss, and writes the gradients and the running statistics into the trainer's arrays. */
  backward(batch: Batch): Promise<BatchLoss>
  /** The loss alone, in evaluation mode; nothing is written. */
  loss(batch: Batch): Promise<BatchLoss>
  dispose(): Promise<void>
}

/** The loss of a batch. */
export interface BatchLoss {
  loss: number
  /** The share of images whose own caption was the closest in the batch; undefined if the objective defines no choices. */
  accuracy: number | undefined
}

export type TrainingGraph = ReturnType<typeof trainingGraph>

export function trainingGraph(options: TrainingGraphOptions) {
  const { runtime, config, preprocessing, objective, trained = () => true } = options
  const { parameters: p, leaves } = declareParameters(options.wrap)
  const distributed = distribution()
  const featuresIn = (mode: { training: boolean }): Features => {
    const features = objective.features(p, exampleInputs(config, mode), config)
    return Object.fromEntries(Object.entries(features).map(([name, feature]) => [name, distributed(feature)]))
  }
  const lossOf = (features: Features): Tensor => distributed(objective.loss(p, features))

  const evaluationFeatures = featuresIn({ training: false })
  // A frozen encoder runs in evaluation mode: its BatchNorm statistics are not updated.
  const trainsStatistics = [...leaves.keys()].some((name) => isBuffer(name) && trained(gainOf(name)))
  const { result: features, stages } = collectStages(() =>
    trainsStatistics ? featuresIn({ training: true }) : evaluationFeatures,
  )
  // Building a graph declares the parameters that it reads: those declared up to here belong to the features, later ones to
  // the loss.
  const readByFeatures: ReadonlySet<string> = new Set(leaves.keys())
  const loss = lossOf(features)

  const parameters = arrangeParameters(leaves, options.trained)
  const trainedSet = new Set(parameters.trained.names)
  const trainedNames = [...leaves.keys()].filter((name) => trainedSet.has(name))
  const statistics = trainsStatistics ? [...leaves.keys()].filter(isBuffer) : []
  const gradientArray = new Float32Array(parameters.trained.size)
  const parameterValues = Object.fromEntries([...leaves.keys()].map((name) => [name, parameters.view(name)]))

  return {
    objective,
    preprocessing,
    p,
    parameters,
    features,
    evaluationFeatures,
    loss,
    lossOf,
    /** Names of the trained parameters, in the order of the forward pass. */
    trainedNames,
    readByFeatures,
    /** A getter, for the declarations: an inferred type would be one that TypeScript before 5.7 does not know. */
    get gradientArray(): Float32Array {
      return gradientArray
    },

    compile: (graph: Graph): Promise<Program> => runtime.compile(graph, { planMemory: false }),

    /** A program's inputs: these values, and the parameters. */
    feeds: (program: Program, values: Readonly<Record<string, Value>>): Record<string, Value> =>
      Object.fromEntries(program.inputs.map((name) => [name, values[name] ?? parameterValues[name]!])),

    /**
     * Gradients of a scalar by parameters, in the order of the forward pass. ONNX Runtime starts with what a graph's last
     * output needs, so each layer's gradients are computed together and its activations are freed early.
     *
     * @param accumulate adds to gradients given as inputs
     */
    gradientsOf(scalar: Tensor, names: readonly string[], { accumulate = false } = {}): Graph {
      const leavesOf = names.map((name) => leaves.get(name)!)
      const results = gradients(scalar, leavesOf, options.recompute ? transformerBlock : undefined)
      const sums = accumulate
        ? results.map((g, i) => g.add(input(accumulatedGradient(names[i]!), 'float32', leavesOf[i]!.shape)))
        : results
      return Object.fromEntries(names.map((name, i) => [gradientOf(name), sums[i]!]))
    },

    /** Values that share memory with the gradient array, to write results into. */
    gradientViews: (names: readonly string[]): Record<string, Value> =>
      Object.fromEntries(names.map((name) => [gradientOf(name), parameters.view(name, gradientArray)])),

    /** The objective's choices as an output, if it defines any. */
    choices(features: Features): Graph {
      const choices = objective.choices?.(p, features)
      return choices ? { choices: distributed(choices) } : {}
    },

    /** Updated running statistics as outputs. */
    statistics: (): Graph =>
      Object.fromEntries(statistics.map((name) => [bufferOutput(name), distributed(stages.get(name)!)])),
    statisticsViews: (): Record<string, Value> =>
      Object.fromEntries(statistics.map((name) => [bufferOutput(name), parameters.view(name)])),
  }
}

export const gradientOf = (name: string): string => `gradient/${name}`
export const accumulatedGradient = (name: string): string => `accumulated/${name}`
const bufferOutput = (name: string): string => `buffer/${name}`

/** Loss and accuracy from the outputs `loss` and `choices` of a program. */
export function batchLoss(outputs: Readonly<Record<string, Value>>, { labels }: Batch): BatchLoss {
  const loss = (outputs.loss!.data as Float32Array)[0]!
  const choices = outputs.choices?.data as BigInt64Array | undefined
  if (!choices) return { loss, accuracy: undefined }
  let correct = 0
  for (const [i, choice] of choices.entries()) if (Number(choice) === (labels?.[i] ?? i)) correct++
  return { loss, accuracy: correct / choices.length }
}
