// A model's parameters as a lookup by canonical name. Methods (LoRA, freezing, training from scratch) wrap the lookup; the
// model's code does not change.

import { CheckpointError, ShapeError } from '../errors.ts'
import { sameShape, showShape } from '../graph/shape.ts'
import type { Tensor } from '../graph/tensor.ts'

/**
 * The parameter with a canonical name (OpenAI's: `visual.transformer.resblocks.0.attn.in_proj_weight`), or undefined.
 *
 * @param shape the shape that the model expects; undefined if it only asks whether the parameter exists
 */
export type Lookup = (name: string, shape?: readonly number[]) => Tensor | undefined

/** A model's parameters by name, scope by scope. A fine-tuning method changes a model by wrapping the lookup. */
export class Parameters {
  readonly path: string
  readonly #lookup: Lookup

  constructor(lookup: Lookup, path = '') {
    this.#lookup = lookup
    this.path = path
  }

  /** The parameters of a submodule. */
  at(name: string | number): Parameters {
    return new Parameters(this.#lookup, this.#full(name))
  }

  has(name: string): boolean {
    return this.#lookup(this.#full(name)) !== undefined
  }

  /** A parameter, which must have this shape. This call declares it. */
  get(name: string, ...shape: number[]): Tensor {
    const full = this.#full(name)
    const parameter = this.#lookup(full, shape)
    if (!parameter) throw new CheckpointError(`parameter ${full} ${showShape(shape)} is missing from the checkpoint`)
    if (!sameShape(parameter.shape, shape)) {
      throw new ShapeError(
        `parameter ${full}: the config says ${showShape(shape)}, the checkpoint has ${showShape(parameter.shape)}`,
      )
    }
    return parameter
  }

  /** The same parameters with one of them replaced. */
  with(replaced: string, tensor: Tensor): Parameters {
    const full = this.#full(replaced)
    return new Parameters((name, shape) => (name === full ? tensor : this.#lookup(name, shape)), this.path)
  }

  #full(name: string | number): string {
    return this.path ? `${this.path}.${name}` : `${name}`
  }
}
