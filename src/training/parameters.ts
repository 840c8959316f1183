// Parameters for training: all in one array, their gradients at the same offsets of another.

import { Tensor as Value } from 'onnxruntime-common'
import { CheckpointError } from '../errors.ts'
import { input, type Tensor } from '../graph/tensor.ts'
import { isBuffer } from '../model/parameter-names.ts'
import { type Lookup, Parameters } from '../model/parameters.ts'

/** A parameter and its range in the arrays, in elements. */
export interface Slot {
  readonly name: string
  readonly shape: readonly number[]
  readonly from: number
  readonly to: number
}

/** Parameters as inputs of a graph, declared when the model reads them. */
export interface Declared {
  readonly parameters: Parameters
  /** By name, in the order in which the model reads them. */
  readonly leaves: ReadonlyMap<string, Tensor>
}

/** @param wrap may replace leaves by other tensors, and declare leaves of its own */
export function declareParameters(wrap: (lookup: Lookup) => Lookup = (lookup) => lookup): Declared {
  const leaves = new Map<string, Tensor>()
  const lookup: Lookup = (name, shape) => {
    const declared = leaves.get(name)
    if (declared || !shape) return declared
    const leaf = input(name, 'float32', shape)
    leaves.set(name, leaf)
    return leaf
  }
  return { parameters: new Parameters(wrap(lookup)), leaves }
}

/**
 * Which parameters AdamW decays: those of two dimensions or more, embeddings and convolutions included; not biases, gains and
 * the temperature.
 */
const decays = (shape: readonly number[]): boolean => shape.length >= 2

/** Parameters start on cache lines. */
const alignment = 16

/** All parameters in one flat array, trained ones first. */
export interface ParameterArrays {
  readonly slots: ReadonlyMap<string, Slot>
  readonly values: Float32Array
  /** Trained parameters come first in the arrays, and among them those that decay. */
  readonly trained: { readonly size: number; readonly decayed: number; readonly names: readonly string[] }
  /** A parameter as a value that shares memory with `array`. Default: `values`. */
  view(name: string, array?: Float32Array): Value
}

/** @param trained which parameters are trained; buffers never are */
export function arrangeParameters(
  leaves: ReadonlyMap<string, Tensor>,
  trained: (name: string) => boolean = () => true,
): ParameterArrays {
  const shapeOf = (name: string) => leaves.get(name)!.shape as readonly number[]
  const kind = (name: string): number => (isBuffer(name) || !trained(name) ? 2 : decays(shapeOf(name)) ? 0 : 1)
  const slots = new Map<string, Slot>()
  const ends = [0, 0, 0]
  let from = 0
  for (const group of ends.keys()) {
    for (const name of leaves.keys()) {
      if (kind(name) !== group) continue
      const shape = shapeOf(name)
      const to = from + shape.reduce((a, b) => a * b, 1)
      slots.set(name, { name, shape, from, to })
      from = Math.ceil(to / alignment) * alignment
    }
    ends[group] = from
  }
  const values = new Float32Array(from)
  const names = [...slots.keys()].filter((name) => kind(name) < 2)
  return {
    slots,
    values,
    trained: { size: ends[1]!, decayed: ends[0]!, names },
    view(name, array = values) {
      const slot = slots.get(name)
      if (!slot) throw new CheckpointError(`there is no parameter '${name}'`)
      return new Value('float32', array.subarray(slot.from, slot.to), slot.shape)
    },
  }
}
