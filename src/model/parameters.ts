// A model's parameters as a lookup by canonical name. A method (LoRA, freezing, training from scratch) wraps the lookup,
// and the model never learns of it.

import { CheckpointError, ShapeError } from '../errors.ts'
import { sameShape, showShape } from '../graph/shape.ts'
import type { Tensor } from '../graph/tensor.ts'

/**
 * Answers a full canonical name (OpenAI's: `visual.transformer.resblocks.0.attn.in_proj_weight`), or undefined. The shape
 * is what the model wants it to have, and undefined where it only asks whether there is one.
 */
export type Lookup = (name: string, shape?: readonly number[]) => Tensor | undefined

export class Parameters {
  readonly path: string
  readonly #lookup: Lookup

  constructor(lookup: Lookup, path = '') {
    this.#lookup = lookup
    this.path = path
  }

  /** The parameters of a part. */
  at(name: string | number): Parameters {
    return new Parameters(this.#lookup, this.#full(name))
  }

  has(name: string): boolean {
    return this.#lookup(this.#full(name)) !== undefined
  }

  /** One parameter, which must have this shape; this call is its declaration. */
  get(name: string, ...shape: number[]): Tensor {
    const full = this.#full(name)
    const found = this.#lookup(full, shape)
    if (!found) throw new CheckpointError(`parameter ${full} ${showShape(shape)} is missing from the checkpoint`)
    if (!sameShape(found.shape, shape)) {
      throw new ShapeError(
        `parameter ${full}: the configuration says ${showShape(shape)}, the checkpoint has ${showShape(found.shape)}`,
      )
    }
    return found
  }

  /** The same, but for one parameter, which is answered with `tensor`. */
  with(name: string, tensor: Tensor): Parameters {
    const full = this.#full(name)
    return new Parameters((asked, shape) => (asked === full ? tensor : this.#lookup(asked, shape)), this.path)
  }

  #full(name: string | number): string {
    return this.path ? `${this.path}.${name}` : `${name}`
  }
}
