// Runs graphs: compile once, run many times. Independent of ONNX Runtime and of the device.

import type { Tensor as Value } from 'onnxruntime-common'
import type { Graph } from '../graph/onnx.ts'
import type { Device } from './devices.ts'

export type { Value }

declare global {
  // As @types/node has it: for programs that are compiled without that and without the library esnext.disposable.
  interface SymbolConstructor {
    readonly asyncDispose: unique symbol
  }
}

/** How a graph is compiled. */
export interface CompileOptions {
  /**
   * Plans the memory of a run ahead, in one block. Default: true. Somewhat faster for small graphs, but it doubles the memory of
   * a training step, because ONNX Runtime also keeps the memory that it used before it had the plan.
   */
  planMemory?: boolean | undefined
  /** Names the program in messages. */
  name?: string | undefined
}

/** A compiled graph. Inputs and results are named as in the graph. */
export interface Program {
  /** Names of the graph's inputs. */
  readonly inputs: readonly string[]
  /** @param into values to write results into, by name; other results are allocated */
  run(values: Readonly<Record<string, Value>>, into?: Readonly<Record<string, Value>>): Promise<Record<string, Value>>
  /** Waits for runs in progress. A second call does nothing. */
  dispose(): Promise<void>
  /** `dispose`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}

/** Compiles graphs for one device. */
export interface Runtime {
  /** The device's name. */
  readonly device: Device
  compile(graph: Graph, options?: CompileOptions): Promise<Program>
}
