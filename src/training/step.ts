// One training step: forward, backward, update (Figure 3's loss, minimised by AdamW, §2.5).

import { type AdamWOptions, adamW, type Moments, norm } from './adamw.ts'
import type { Batch } from './collate.ts'
import { gradCache } from './grad-cache.ts'
import type { ParameterArrays } from './parameters.ts'
import { type BatchLoss, type TrainingGraphOptions, trainingGraph } from './training-graph.ts'
import { wholeBatch } from './whole-batch.ts'

/** What a training step measured. */
export interface StepReport extends BatchLoss {
  /** `‖g‖` over all trained parameters, before clipping. */
  gradientNorm: number
}

/** A model in memory, and the operations that training needs. */
export interface Trainer {
  readonly parameters: ParameterArrays
  readonly moments: Moments
  /** Of the last backward pass, in the layout of `parameters`. */
  readonly gradients: Float32Array
  /** Loss and gradients. Changes `gradients` and the running statistics of batch normalisation, nothing else. */
  backward(batch: Batch): Promise<BatchLoss>
  /** `backward`, then `update`. A step whose loss or gradient is not finite is not taken. */
  step(batch: Batch, options: UpdateOptions): Promise<StepReport>
  /** The loss of a batch that is not learned from, with the running statistics of batch normalisation. */
  loss(batch: Batch): Promise<BatchLoss>
  /** Gives back memory and threads. */
  dispose(): Promise<void>
  /** `dispose`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}

/** Options of an optimiser step. */
export interface UpdateOptions {
  /** The step's number, from 1. */
  t: number
  learningRate: number
}

/** Options of `createTrainer`. */
export interface TrainerOptions extends TrainingGraphOptions {
  optimizer: AdamWOptions
  /** Clips the gradient to this norm. Default: no clipping. */
  clipGradient?: number | undefined
  /** Examples that pass through the encoders at a time (GradCache). Default: the whole batch. */
  chunk?: number | undefined
  /** Factor of the learning rate, for each parameter. Default: 1. */
  rate?: ((name: string) => number) | undefined
}

/** Compiles a training step: forward pass, backward pass and AdamW. `train` calls it; use it directly for a loop of your own. */
export async function createTrainer(options: TrainerOptions): Promise<Trainer> {
  const graph = trainingGraph(options)
  const passes = await (options.chunk === undefined ? wholeBatch(graph) : gradCache(graph, options.chunk))
  const { parameters, gradientArray: gradients } = graph
  const moments = { m: new Float32Array(gradients.length), v: new Float32Array(gradients.length) }

  return {
    parameters,
    moments,
    gradients,
    ...passes,
    [Symbol.asyncDispose]: () => passes.dispose(),
    async step(batch, { t, learningRate }) {
      const { loss, accuracy } = await passes.backward(batch)
      // Training on several machines would exchange gradients here: they are complete, and nothing is updated yet.
      const gradientNorm = norm(gradients)
      if (Number.isFinite(loss) && Number.isFinite(gradientNorm)) {
        const scale = clipScale(gradientNorm, options.clipGradient)
        update(parameters, gradients, moments, { t, learningRate, scale }, options)
        keepWithinBounds(parameters, options.objective.bounds)
      }
      return { loss, accuracy, gradientNorm }
    },
  }
}

/** PyTorch's `clip_grad_norm_`. */
const clipScale = (gradientNorm: number, maxNorm = Infinity): number => Math.min(1, maxNorm / (gradientNorm + 1e-6))

/** AdamW over all trained parameters at once, or, if learning rates differ, over one parameter after the other. */
function update(
  { values, slots, trained: { names, decayed } }: ParameterArrays,
  gradients: Float32Array,
  moments: Moments,
  { learningRate, ...options }: UpdateOptions & { scale: number },
  { rate, optimizer }: Pick<TrainerOptions, 'rate' | 'optimizer'>,
): void {
  if (!rate) {
    adamW(values, gradients, moments, { ...options, learningRate, decayed }, optimizer)
    return
  }
  for (const name of names) {
    const { from, to } = slots.get(name)!
    const part = (array: Float32Array) => array.subarray(from, to)
    const decayedHere = from < decayed ? to - from : 0
    adamW(
      part(values),
      part(gradients),
      { m: part(moments.m), v: part(moments.v) },
      { ...options, learningRate: learningRate * rate(name), decayed: decayedHere },
      optimizer,
    )
  }
}

/** Clamps the trained scalars that an objective bounds: the logit scale to at most log 100 (§2.5). */
function keepWithinBounds(
  { values, slots, trained }: ParameterArrays,
  bounds: TrainerOptions['objective']['bounds'] = {},
): void {
  for (const [name, [lowest, highest]] of Object.entries(bounds)) {
    const slot = slots.get(name)
    if (slot && slot.from < trained.size) values[slot.from] = Math.min(highest, Math.max(lowest, values[slot.from]!))
  }
}
