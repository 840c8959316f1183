// Runs graphs: compile once, run many times. Which library runs them, and on which device, is the runtime's own affair.

import type { Tensor as Value } from 'onnxruntime-common'
import type { Graph } from '../graph/onnx.ts'

export type { Value }

export interface CompileOptions {
  /** For messages: which part of which model this is. */
  name?: string
  /**
   * Plans the memory of a run in one block, which is somewhat faster for small graphs. Default: true. A training step
   * is better without it: beside that block ONNX Runtime keeps the memory that it used before it had the plan.
   */
  planMemory?: boolean
}

/** A compiled graph. Values go in and out by the names the graph gave them. */
export interface Program {
  /** The inputs that the graph reads. */
  readonly inputs: readonly string[]
  /**
   * @param into values to write results into, by name; those not named here are made
   * @throws UsageError after `dispose`
   */
  run(values: Readonly<Record<string, Value>>, into?: Readonly<Record<string, Value>>): Promise<Record<string, Value>>
  /** Waits for the runs that have begun. A second call does nothing. */
  dispose(): Promise<void>
}

/** Compiles graphs for one device. */
export interface Runtime {
  /** What it runs on, as the option `device` names it. */
  readonly device: string
  compile(graph: Graph, options?: CompileOptions): Promise<Program>
}
