// What is trained: every parameter in one array, its gradient at the same place in another.

import { Tensor as Value } from 'onnxruntime-common'
import { CheckpointError } from '../errors.ts'
import { input, type Tensor } from '../graph/tensor.ts'
import { isBuffer } from '../model/parameter-names.ts'
import { type Lookup, Parameters } from '../model/parameters.ts'

/** A parameter and where it lies in the arrays, in elements. */
export interface Slot {
  readonly name: string
  readonly shape: readonly number[]
  readonly from: number
  readonly to: number
}

/** Parameters as inputs of a graph, declared as the model asks for them. */
export interface Declared {
  readonly parameters: Parameters
  /** By name, in the order in which they were asked for. */
  readonly leaves: ReadonlyMap<string, Tensor>
}

/** @param wrap answers the model with other tensors than the leaves, and may ask for leaves of its own */
export function declareParameters(wrap: (lookup: Lookup) => Lookup = (lookup) => lookup): Declared {
  const leaves = new Map<string, Tensor>()
  const lookup: Lookup = (name, shape) => {
    const known = leaves.get(name)
    if (known || !shape) return known
    const leaf = input(name, 'float32', shape)
    leaves.set(name, leaf)
    return leaf
  }
  return { parameters: new Parameters(wrap(lookup)), leaves }
}

/**
 * The decay of AdamW as this project fixes it for every architecture: parameters of two dimensions or more, embeddings
 * and convolutions included; none on biases, gains and the temperature.
 */
const decays = (shape: readonly number[]): boolean => shape.length >= 2

/** Arrays begin on cache lines. */
const alignment = 16

export interface ParameterArrays {
  readonly slots: ReadonlyMap<string, Slot>
  readonly values: Float32Array
  /** The parameters that are trained lie first, and of them those that decay. */
  readonly trained: { readonly size: number; readonly decayed: number; readonly names: readonly string[] }
  /** A parameter as a value that shares the memory of `array`. */
  view(name: string, array?: Float32Array): Value
}

/** @param trained which are trained; buffers never are */
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
      if (!slot) throw new CheckpointError(`there is no parameter ${name}`)
      return new Value('float32', array.subarray(slot.from, slot.to), slot.shape)
    },
  }
}
