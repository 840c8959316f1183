// Operators that move elements and compute nothing.

import { ShapeError } from '../../errors.ts'
import { axisOf, broadcast, type Dim, knownDim, type Shape, sameShape, showShape, size } from '../shape.ts'
import type { Operator } from './operator.ts'

export const arrangement = {
  Reshape: {
    infer([x], { shape }) {
      if (size(x!.shape) !== size(shape as Shape)) {
        throw new ShapeError(`${showShape(x!.shape)} cannot be arranged as ${showShape(shape as Shape)}`)
      }
      return [{ dtype: x!.dtype, shape: shape as Shape }]
    },
    // ONNX writes 0 for "as it was at this place" and -1, once, for "what remains".
    onnx({ inputs: [x], attributes: { shape } }) {
      const target = (shape as Shape).map((dim, i) => (typeof dim === 'number' ? dim : dim === x!.shape[i] ? 0 : -1))
      if (target.filter((dim) => dim === -1).length > 1) {
        throw new ShapeError(`Reshape of ${showShape(x!.shape)} to ${showShape(shape as Shape)}: two dims are unknown`)
      }
      return { inputs: [x!, target], attributes: {} }
    },
  },
  Transpose: {
    infer: ([x], { perm }) => [{ dtype: x!.dtype, shape: (perm as number[]).map((axis) => x!.shape[axis]!) }],
  },
  Slice: {
    infer([x], { starts, ends, axes }) {
      const shape: Dim[] = [...x!.shape]
      for (const [i, axis] of (axes as number[]).entries()) {
        const n = knownDim(x!.shape, axis)
        const [from, to] = [(starts as number[])[i]!, (ends as number[])[i]!]
        if (from < 0 || to > n || from > to)
          throw new ShapeError(`${from} to ${to} of ${showShape(x!.shape)}, axis ${axis}`)
        shape[axis] = to - from
      }
      return [{ dtype: x!.dtype, shape }]
    },
    onnx: ({ inputs: [x], attributes: { starts, ends, axes } }) => ({
      inputs: [x!, starts as number[], ends as number[], axes as number[]],
      attributes: {},
    }),
  },
  Split: {
    infer([x], { axis, num_outputs }) {
      const [n, parts] = [knownDim(x!.shape, axis as number), num_outputs as number]
      if (n % parts) throw new ShapeError(`${showShape(x!.shape)} in ${parts} equal parts along axis ${axis}`)
      return Array.from({ length: parts }, () => ({ dtype: x!.dtype, shape: x!.shape.with(axis as number, n / parts) }))
    },
  },
  Concat: {
    infer(inputs, { axis }) {
      const [first] = inputs
      const at = axisOf(axis as number, first!.shape.length)
      for (const x of inputs) {
        if (!sameShape(x.shape.with(at, 0), first!.shape.with(at, 0))) {
          throw new ShapeError(`${inputs.map((t) => showShape(t.shape)).join(' and ')} along axis ${at}`)
        }
      }
      const length = inputs.reduce((sum, x) => sum + knownDim(x.shape, at), 0)
      return [{ dtype: first!.dtype, shape: first!.shape.with(at, length) }]
    },
  },
  Expand: {
    infer([x, like]) {
      const shape = broadcast(x!.shape, like!.shape)
      if (!sameShape(shape, like!.shape)) throw new ShapeError(`${showShape(x!.shape)} to ${showShape(like!.shape)}`)
      return [{ dtype: x!.dtype, shape }]
    },
    onnx: ({ inputs: [x, like] }) => ({ inputs: [x!, { shapeOf: like! }], attributes: {} }),
  },
  Gather: {
    infer([x, indices], { axis }) {
      const at = axisOf(axis as number, x!.shape.length)
      return [{ dtype: x!.dtype, shape: [...x!.shape.slice(0, at), ...indices!.shape, ...x!.shape.slice(at + 1)] }]
    },
  },
  GatherND: {
    infer([x, indices], { batch_dims }) {
      const batch = indices!.shape.slice(0, batch_dims as number)
      if (!sameShape(batch, x!.shape.slice(0, batch_dims as number))) {
        throw new ShapeError(`positions ${showShape(indices!.shape)} in ${showShape(x!.shape)}`)
      }
      const depth = knownDim(indices!.shape, -1)
      return [{ dtype: x!.dtype, shape: [...indices!.shape.slice(0, -1), ...x!.shape.slice(batch.length + depth)] }]
    },
  },
} satisfies Record<string, Operator>
