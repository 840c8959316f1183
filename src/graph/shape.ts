// Shapes: a dim is a number, or the name of a size that is known only when the graph runs (`batch`).

import { ShapeError } from '../errors.ts'

/** One dimension: a number, or a name for a size that is known when the graph runs (`'batch'`). */
export type Dim = number | string

/** The dimensions of a tensor, outermost first; `[]` is a scalar. */
export type Shape = readonly Dim[]

/** `[batch, 50, 768]` */
export const showShape = (shape: Shape): string => `[${shape.join(', ')}]`

export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((dim, i) => dim === b[i])

/** The number of elements: a number, or a product with names in it, `6·batch`. */
export function size(shape: Shape): Dim {
  const { factor, names } = factors(shape)
  if (names.length === 0 || factor === 0) return factor
  return [...(factor === 1 ? [] : [factor]), ...names.sort()].join('·')
}

/** A target shape with its -1, if any, replaced by the dim that keeps the number of elements of `from`. */
export function inferDim(shape: Shape, from: Shape): Shape {
  if (!shape.includes(-1)) return shape
  const all = factors(from)
  const taken = factors(shape.filter((dim) => dim !== -1))
  for (const name of taken.names) {
    const index = all.names.indexOf(name)
    if (index < 0) {
      throw new ShapeError(`${showShape(from)} cannot be reshaped to ${showShape(shape)}: it has no dim '${name}'`)
    }
    all.names.splice(index, 1)
  }
  const rest = size([all.factor / taken.factor, ...all.names])
  return shape.map((dim) => (dim === -1 ? rest : dim))
}

/** The number of elements, as a number times named dims. */
export function factors(shape: Shape): { factor: number; names: string[] } {
  let factor = 1
  const names: string[] = []
  for (const dim of shape.flatMap((dim): Dim[] => (typeof dim === 'number' ? [dim] : dim.split('·')))) {
    if (Number.isNaN(Number(dim))) names.push(String(dim))
    else factor *= Number(dim)
  }
  return { factor, names }
}

/** NumPy's rule: shapes are aligned at the right; two dims must be equal, or one of them 1. */
export function broadcast(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length)
  return Array.from({ length: rank }, (_, i) => {
    const x = a[i - rank + a.length] ?? 1
    const y = b[i - rank + b.length] ?? 1
    if (x === y || y === 1) return x
    if (x === 1) return y
    throw new ShapeError(`${showShape(a)} and ${showShape(b)}: dims ${x} and ${y} differ and neither is 1`)
  })
}

/** An axis counted from the left; a negative one counts from the right. */
export function axisOf(axis: number, rank: number): number {
  const i = axis < 0 ? axis + rank : axis
  if (i < 0 || i >= rank || !Number.isInteger(axis)) throw new ShapeError(`axis ${axis} of a tensor of rank ${rank}`)
  return i
}

/** The dim at an axis, which must be a number. */
export function knownDim(shape: Shape, axis: number): number {
  const dim = shape[axisOf(axis, shape.length)]
  if (typeof dim !== 'number') {
    throw new ShapeError(`${showShape(shape)}: dim ${axis} must be a number, found '${dim}'`)
  }
  return dim
}

/**
 * Whether ONNX Reshape can express this with a constant target shape (0 keeps a dim in place, one -1 is inferred): at most
 * one named dim may move.
 */
export const expressibleReshape = (from: Shape, to: Shape): boolean =>
  to.filter((dim, i) => typeof dim !== 'number' && dim !== from[i]).length <= 1
