// One forward pass with every named stage as an output.

import { brokenNumber } from '../clip/embeddings.ts'
import { CheckpointError } from '../errors.ts'
import { collectStages } from '../graph/scope.ts'
import type { Tensor } from '../graph/tensor.ts'
import type { Runtime, Value } from '../runtime/runtime.ts'
import { type Statistics, statisticsOf } from './statistics.ts'

/** The result of a module, of applying a parameter, or of a named step. */
export interface Stage extends Statistics {
  /** The name of that module or parameter in checkpoints: `visual.transformer.resblocks.0.attn`. */
  name: string
  shape: number[]
  /** Row-major; left out for large stages. */
  values?: Float32Array | undefined
}

/** The attention weights of one block. */
export interface Attention {
  /** `visual.transformer.resblocks.0.attn.weights` */
  name: string
  heads: number
  rows: number
  columns: number
  /** `[heads, rows, columns]`; each row sums to 1. */
  weights: Float32Array
}

/** The forward pass of an encoder. */
export interface Pass {
  /** In the order of computation; a module comes after its parts. */
  stages: Stage[]
  /** One per block, from the first to the last. */
  attention: Attention[]
  /** The encoder's output, not normalised. */
  embedding: Float32Array
}

/** Stages of up to this many elements include their values. */
const maxValues = 1024

/** Runs an encoder on a batch of one. @returns the pass, and the values of a stage by name */
export async function runStages(
  runtime: Runtime,
  build: () => Tensor,
  feeds: Readonly<Record<string, Value>>,
): Promise<{ pass: Pass; values: (name: string) => Float32Array }> {
  const { result, stages } = collectStages(build)
  // Outputs are numbered, because some stages have the name of a weight, which ONNX does not allow for an output.
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
      attention: weights.map(([name, value]) => attentionOf(name, value)),
      embedding,
    },
    values: (name) => values.get(name)!.data as Float32Array,
  }
}

/** @throws CheckpointError naming the first stage with a broken output, if the embedding is broken */
function checkEmbedding(embedding: Float32Array, stages: ReadonlyMap<string, Value>): void {
  const broken = brokenNumber(embedding)
  if (broken === undefined) return
  const isBroken = ([name, { data }]: [string, Value]) =>
    name !== 'attn_mask' && brokenNumber(data as Float32Array) !== undefined // a mask holds −∞
  const first = [...stages].find(isBroken)
  throw new CheckpointError(
    `the model's output for this input is not finite (found ${broken})${first ? `; the first broken stage is ${first[0]}` : ''}; its weights are broken, or its training diverged`,
  )
}

function describe(name: string, value: Value): Stage {
  const values = value.data as Float32Array
  const stage = { name, shape: [...value.dims], ...statisticsOf(values) }
  return values.length <= maxValues ? { ...stage, values } : stage
}

function attentionOf(name: string, { dims, data }: Value): Attention {
  const [, heads, rows, columns] = dims as [number, number, number, number]
  return { name, heads, rows, columns, weights: data as Float32Array }
}

/** The attention of one position to all positions, averaged over the heads. */
export function meanOverHeads({ heads, rows, columns, weights }: Attention, row: number): Float32Array {
  const mean = new Float32Array(columns)
  for (let head = 0; head < heads; head++) {
    for (let i = 0; i < columns; i++) mean[i]! += weights[(head * rows + row) * columns + i]! / heads
  }
  return mean
}
