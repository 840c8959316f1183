// Runs graphs: compile once, run many times. What is behind it (ONNX Runtime, and on which device) is behind it.

import type { Tensor as Value } from 'onnxruntime-common'
import type { Graph } from '../graph/onnx.ts'

export type { Value }

export interface CompileOptions {
  /** For messages: which part of which model this is. */
  name?: string
  /**
   * Plans the memory of a run ahead, in one block: somewhat faster for small graphs. On, unless told. A training step is
   * better without it: beside that block ONNX Runtime keeps what it used before it had the plan, which is as much again.
   */
  planMemory?: boolean
}

/** A compiled graph. Values go in and out by the names the graph gave them. */
export interface Program {
  /** The inputs that the graph reads. */
  readonly inputs: readonly string[]
  /** @param into values to write results into, by name; those not named here are made */
  run(values: Readonly<Record<string, Value>>, into?: Readonly<Record<string, Value>>): Promise<Record<string, Value>>
  dispose(): Promise<void>
}

/** Compiles graphs for one device. */
export interface Runtime {
  /** What it runs on, as `--device` names it. */
  readonly device: string
  compile(graph: Graph, options?: CompileOptions): Promise<Program>
}
