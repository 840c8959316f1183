// One forward pass with every named stage as an output.

import { brokenNumber } from '../embeddings.ts'
import { CheckpointError } from '../errors.ts'
import { collectStages } from '../graph/scope.ts'
import type { Tensor } from '../graph/tensor.ts'
import type { Runtime, Value } from '../runtime/runtime.ts'
import { type Statistics, statisticsOf } from './statistics.ts'

/** What a module, a parameter or a named step made of the value before it. */
export interface Stage extends Statistics {
  /** As checkpoints name the module or parameter that was just applied: `visual.transformer.resblocks.0.attn`. */
  name: string
  shape: number[]
  /** Row-major; left out where there are many. */
  values?: Float32Array
}

/** How one block looks from position to position. */
export interface Attention {
  /** `visual.transformer.resblocks.0.attn.weights` */
  name: string
  heads: number
  rows: number
  columns: number
  /** `[heads, rows, columns]`; each row sums to 1. */
  weights: Float32Array
}

/** What both towers have in common. */
export interface Pass {
  /** In the order in which they are computed; a module comes after its parts. */
  stages: Stage[]
  /** Of each block, from the first on. */
  attention: Attention[]
  /** As the encoder gives it, not normalised. */
  embedding: Float32Array
}

/** Stages of at most this many elements keep their values. */
const fewElements = 1024

/** Runs a tower once, on a batch of one; `values` gives a stage's by name. */
export async function runStages(
  runtime: Runtime,
  build: () => Tensor,
  feeds: Readonly<Record<string, Value>>,
): Promise<{ pass: Pass; values: (name: string) => Float32Array }> {
  const { result, stages } = collectStages(build)
  // A result may not be called as a weight is, and some stages are.
  const names = [...stages.keys()]
  const graph = Object.fromEntries([...stages.values(), result].map((tensor, i) => [`stage ${i}`, tensor]))
  const program = await runtime.compile(graph)
  const results = await program.run(feeds).finally(() => program.dispose())
  const values = new Map(names.map((name, i) => [name, results[`stage ${i}`]!]))
  const embedding = results[`stage ${names.length}`]!.data as Float32Array
  checkEmbedding(embedding, values)
  const weights = [...values].filter(([name]) => name.endsWith('.weights'))
  return {
    pass: {
      stages: [...values].map(([name, value]) => describe(name, value)),
      attention: weights.map(([name, value]) => look(name, value)),
      embedding,
    },
    values: (name) => values.get(name)!.data as Float32Array,
  }
}

/** @throws CheckpointError that names the first step whose output is broken, where the embedding is */
function checkEmbedding(embedding: Float32Array, stages: ReadonlyMap<string, Value>): void {
  const found = brokenNumber(embedding)
  if (found === undefined) return
  const isBroken = ([name, { data }]: [string, Value]) =>
    name !== 'attn_mask' && brokenNumber(data as Float32Array) !== undefined // a mask holds −∞
  const first = [...stages].find(isBroken)
  throw new CheckpointError(
    `the model gives no numbers for this input (found ${found})${first ? `: ${first[0]} is the first step that gives none` : ''}; its weights are broken, or its training went wrong`,
  )
}

function describe(name: string, value: Value): Stage {
  const values = value.data as Float32Array
  const stage = { name, shape: [...value.dims], ...statisticsOf(values) }
  return values.length <= fewElements ? { ...stage, values } : stage
}

function look(name: string, { dims, data }: Value): Attention {
  const [, heads, rows, columns] = dims as [number, number, number, number]
  return { name, heads, rows, columns, weights: data as Float32Array }
}

/** One position's attention to all others, the mean over the heads. */
export function meanOverHeads({ heads, rows, columns, weights }: Attention, row: number): Float32Array {
  const mean = new Float32Array(columns)
  for (let head = 0; head < heads; head++) {
    for (let i = 0; i < columns; i++) mean[i]! += weights[(head * rows + row) * columns + i]! / heads
  }
  return mean
}
