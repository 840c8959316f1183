// A symbolic tensor, the building block of graphs. Nothing is computed here; every method adds one node and infers its shape.

import { ShapeError } from '../errors.ts'
import type { DType } from './dtype.ts'
import { type OperatorName, operators } from './operators/index.ts'
import { currentScope } from './scope.ts'
import { axisOf, type Dim, expressibleReshape, factors, inferDim, type Shape, sameShape, showShape } from './shape.ts'

/** The value of an operator's attribute. */
export type Attribute = number | string | readonly Dim[]

/** One application of an operator. */
export interface Node {
  readonly op: OperatorName
  readonly inputs: readonly Tensor[]
  readonly attributes: Readonly<Record<string, Attribute>>
  readonly outputs: readonly Tensor[]
  /** The part of the model that it belongs to, as checkpoints name it: `visual.transformer.resblocks.3.attn`. */
  readonly scope: string
}

/** Stored bytes, in the user's file or in memory; little-endian, row-major. */
export type Data =
  | { readonly file: string; readonly offset: number; readonly length: number }
  | { readonly bytes: Uint8Array }

/** The source of a tensor's values. */
export type Origin =
  | { readonly kind: 'input'; readonly name: string }
  | { readonly kind: 'weight'; readonly name: string; readonly data: Data }
  | { readonly kind: 'node'; readonly node: Node; readonly output: number }

/**
 * A symbolic tensor. Every method adds one operator to the graph and checks shapes; nothing is computed until the graph
 * runs.
 */
export class Tensor {
  readonly dtype: DType
  readonly shape: Shape
  readonly origin: Origin

  constructor(dtype: DType, shape: Shape, origin: Origin) {
    this.dtype = dtype
    this.shape = shape
    this.origin = origin
  }

  /** An executable shape comment: throws unless the shape is exactly this. */
  is(...shape: Dim[]): this {
    if (!sameShape(this.shape, shape)) {
      throw new ShapeError(`${currentScope() || 'graph'}: expected ${showShape(shape)}, found ${showShape(this.shape)}`)
    }
    return this
  }

  // Elementwise arithmetic with NumPy's broadcasting; a number is a float32 constant.
  add(other: Tensor | number): Tensor {
    return apply('Add', [this, scalar(other)])
  }
  sub(other: Tensor | number): Tensor {
    return apply('Sub', [this, scalar(other)])
  }
  mul(other: Tensor | number): Tensor {
    return apply('Mul', [this, scalar(other)])
  }
  div(other: Tensor | number): Tensor {
    return apply('Div', [this, scalar(other)])
  }
  neg(): Tensor {
    return apply('Neg', [this])
  }
  exp(): Tensor {
    return apply('Exp', [this])
  }
  log(): Tensor {
    return apply('Log', [this])
  }
  sqrt(): Tensor {
    return apply('Sqrt', [this])
  }
  erf(): Tensor {
    return apply('Erf', [this])
  }
  tanh(): Tensor {
    return apply('Tanh', [this])
  }
  sigmoid(): Tensor {
    return apply('Sigmoid', [this])
  }
  /** `log(1 + exp x)` */
  softplus(): Tensor {
    return apply('Softplus', [this])
  }
  relu(): Tensor {
    return apply('Relu', [this])
  }
  sign(): Tensor {
    return apply('Sign', [this])
  }
  /** `x > y`, elementwise: bool. */
  greater(other: Tensor | number): Tensor {
    return apply('Greater', [this, scalar(other)])
  }
  cast(dtype: DType): Tensor {
    return dtype === this.dtype ? this : apply('Cast', [this], { dtype })
  }

  /** `[…, n, k] × […, k, m] → […, n, m]` */
  matmul(other: Tensor): Tensor {
    return apply('MatMul', [this, other])
  }

  /** `x Wᵀ`, with `W` as PyTorch stores a linear layer, or a batch of them: `[…, n, k] × [(…,) m, k] → […, n, m]` */
  matmulTransposed(other: Tensor): Tensor {
    return apply('FusedMatMul', [this, other], { transB: 1 })
  }

  /** `[…, k, n]ᵀ × […, k, m] → […, n, m]` */
  transposedMatmul(other: Tensor): Tensor {
    return apply('FusedMatMul', [this, other], { transA: 1 })
  }

  // Reductions along axes, which are kept as 1 by default.
  sum(axes: readonly number[], keep = true): Tensor {
    return apply('ReduceSum', [this], { axes, keepdims: keep ? 1 : 0 })
  }
  mean(axes: readonly number[], keep = true): Tensor {
    return apply('ReduceMean', [this], { axes, keepdims: keep ? 1 : 0 })
  }
  softmax(axis = -1): Tensor {
    return apply('Softmax', [this], { axis })
  }
  /** `log Σ exp x`, computed stably. */
  logSumExp(axes: readonly number[], keep = true): Tensor {
    return apply('ReduceLogSumExp', [this], { axes, keepdims: keep ? 1 : 0 })
  }
  /** Index of the largest value along an axis, which is removed: int64. */
  argMax(axis: number): Tensor {
    return apply('ArgMax', [this], { axis: axisOf(axis, this.shape.length), keepdims: 0 })
  }
  /**
   * The number of elements, `[]`, float32: a constant, or counted when the graph runs. An input of the graph with the same
   * named dims is counted instead of this tensor if there is one, so that this tensor need not be kept in memory.
   */
  count(): Tensor {
    const { factor, names } = factors(this.shape)
    if (names.length === 0) return scalar(factor)
    const counted = inputWithDims(this, names) ?? this
    const ratio = factor / factors(counted.shape).factor
    return apply('Size', [counted]).cast('float32').mul(ratio)
  }

  // The same elements in another arrangement.
  transpose(...order: number[]): Tensor {
    const swapLast = [...this.shape.keys()].slice(0, -2).concat(this.shape.length - 1, this.shape.length - 2)
    return apply('Transpose', [this], { perm: order.length ? order : swapLast })
  }
  /** One dim may be -1: it is inferred. */
  reshape(...shape: Dim[]): Tensor {
    return apply('Reshape', [this], { shape: inferDim(shape, this.shape) })
  }
  /** To another tensor's shape, which may have any number of named dims. */
  reshapeLike(like: Tensor): Tensor {
    if (sameShape(this.shape, like.shape)) return this
    return expressibleReshape(this.shape, like.shape)
      ? this.reshape(...like.shape)
      : apply('Reshape', [this, like], { shape: like.shape })
  }
  /**
   * The same values, but not computed before another tensor is. Without it, a value of the backward pass that depends only
   * on the forward pass would be computed early and kept in memory.
   */
  sequencedAfter(other: Tensor): Tensor {
    return apply('SequencedAfter', [this, other])
  }
  slice(axis: number, start: number, end: number): Tensor {
    return this.sliceAxes([axisOf(axis, this.shape.length)], [start], [end])
  }
  /** A slice along several axes. */
  sliceAxes(axes: readonly number[], starts: readonly number[], ends: readonly number[]): Tensor {
    return apply('Slice', [this], { starts, ends, axes })
  }
  /** Pads with zeros. @param pads how many before each axis, then how many after each */
  pad(...pads: number[]): Tensor {
    return pads.some(Boolean) ? apply('Pad', [this], { pads }) : this
  }
  split(axis: number, parts: number): readonly Tensor[] {
    return applyAll('Split', [this], { axis: axisOf(axis, this.shape.length), num_outputs: parts })
  }
  /** Broadcast to another tensor's shape, names included. */
  expandLike(like: Tensor): Tensor {
    return apply('Expand', [this, like])
  }
  /** Rows of a table by integer index: `[n, …]` indexed by `[a, b]` → `[a, b, …]`. */
  gather(indices: Tensor, axis = 0): Tensor {
    return apply('Gather', [this, indices], { axis })
  }
  /** One position of each sequence: `[batch, length, …]` indexed by `[batch, 1]` → `[batch, …]`. */
  gatherEach(indices: Tensor): Tensor {
    return apply('GatherND', [this, indices], { batch_dims: 1 })
  }
  /** Elements along an axis: `[a, n]` indexed by `[a, k]` → `[a, k]`. */
  gatherElements(indices: Tensor, axis: number): Tensor {
    return apply('GatherElements', [this, indices], { axis: axisOf(axis, this.shape.length) })
  }
  /** The opposite of `gatherElements`: adds each update at its index along an axis. Indices may repeat. */
  scatterAdd(indices: Tensor, updates: Tensor, axis: number): Tensor {
    return apply('ScatterElements', [this, indices, updates], {
      axis: axisOf(axis, this.shape.length),
      reduction: 'add',
    })
  }

  toString(): string {
    return `${this.dtype} ${showShape(this.shape)}`
  }
}

/** Applies an operator and returns all its outputs. Errors name the operator and the part of the model. */
export function applyAll(
  op: OperatorName,
  inputs: readonly Tensor[],
  attributes: Readonly<Record<string, Attribute>> = {},
): readonly Tensor[] {
  const scope = currentScope()
  const outputs: Tensor[] = []
  const node: Node = { op, inputs, attributes, outputs, scope }
  try {
    for (const [output, { dtype, shape }] of operators[op].infer(inputs, attributes).entries()) {
      outputs.push(new Tensor(dtype, shape, { kind: 'node', node, output }))
    }
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error
    const weights = inputs.map((t) => (t.origin.kind === 'weight' ? t.origin.name : '')).filter(Boolean)
    throw new ShapeError(`${op} at ${[scope || 'graph', ...weights].join(', ')}: ${error.message}`, { cause: error })
  }
  return outputs
}

/** Applies an operator of one output. */
export const apply = (...call: Parameters<typeof applyAll>): Tensor => applyAll(...call)[0]!

/** A value given when the graph runs. */
export const input = (name: string, dtype: DType, shape: Shape): Tensor =>
  new Tensor(dtype, shape, { kind: 'input', name })

/** A stored parameter; its bytes stay where they are. */
export const weight = (name: string, dtype: DType, shape: Shape, data: Data): Tensor =>
  new Tensor(dtype, shape, { kind: 'weight', name, data })

/** Values known when the graph is built. */
export function constant(values: Float32Array | Int32Array | BigInt64Array, shape: Shape): Tensor {
  const dtype = values instanceof Float32Array ? 'float32' : values instanceof Int32Array ? 'int32' : 'int64'
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
  return new Tensor(dtype, shape, { kind: 'weight', name: '', data: { bytes } })
}

/** Joins tensors along an axis; all other dimensions must be equal. */
export const concat = (tensors: readonly Tensor[], axis: number): Tensor => apply('Concat', tensors, { axis })

/** An identity matrix of another matrix's shape. */
export const eyeLike = (x: Tensor): Tensor => apply('EyeLike', [x])

export const zerosLike = (x: Tensor): Tensor => scalar(0).expandLike(x)

/** An input that a tensor depends on, whose named dims are exactly these. */
function inputWithDims(tensor: Tensor, names: readonly string[]): Tensor | undefined {
  const sorted = [...names].sort().join()
  const seen = new Set<Tensor>()
  const open = [tensor]
  for (let x = open.pop(); x; x = open.pop()) {
    if (seen.has(x)) continue
    seen.add(x)
    if (x.origin.kind === 'input' && factors(x.shape).names.sort().join() === sorted) return x
    if (x.origin.kind === 'node') open.push(...x.origin.node.inputs)
  }
  return undefined
}

function scalar(value: Tensor | number): Tensor {
  return value instanceof Tensor ? value : constant(Float32Array.of(value), [])
}
