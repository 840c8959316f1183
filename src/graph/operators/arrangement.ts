// Operators that move elements and compute nothing.

import { ShapeError } from '../../errors.ts'
import { arrangeable, axisOf, broadcast, type Dim, knownDim, type Shape, sameShape, showShape, size } from '../shape.ts'
import { concat, zerosLike } from '../tensor.ts'
import type { Operator } from './operator.ts'

export const arrangement = {
  Reshape: {
    infer([x], { shape }) {
      if (size(x!.shape) !== size(shape as Shape)) {
        throw new ShapeError(`${showShape(x!.shape)} cannot be arranged as ${showShape(shape as Shape)}`)
      }
      return [{ dtype: x!.dtype, shape: shape as Shape }]
    },
    gradient: ({ inputs: [x] }, [g]) => [g!.reshapeLike(x!)],
    // A second input is a tensor to resemble, or, with `after`, one that has to be there first. Without one, ONNX writes 0
    // for "as it was at this place" and -1, once, for "what remains".
    onnx({ inputs: [x, like], attributes: { shape, after } }) {
      if (like && after) return { inputs: [x!, { shapeOf: x!, after: like }], attributes: {} }
      if (like) return { inputs: [x!, { shapeOf: like }], attributes: {} }
      const target = (shape as Shape).map((dim, i) => (typeof dim === 'number' ? dim : dim === x!.shape[i] ? 0 : -1))
      if (!arrangeable(x!.shape, shape as Shape)) {
        throw new ShapeError(`Reshape of ${showShape(x!.shape)} to ${showShape(shape as Shape)}: two dims are unknown`)
      }
      return { inputs: [x!, target], attributes: {} }
    },
  },
  Transpose: {
    infer: ([x], { perm }) => [{ dtype: x!.dtype, shape: (perm as number[]).map((axis) => x!.shape[axis]!) }],
    gradient: ({ attributes: { perm } }, [g]) => [
      g!.transpose(...(perm as number[]).map((_, axis) => (perm as number[]).indexOf(axis))),
    ],
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
    gradient({ inputs: [x], attributes: { starts, ends, axes } }, [g]) {
      const rank = x!.shape.length
      const pads = new Array<number>(2 * rank).fill(0)
      for (const [i, axis] of (axes as number[]).entries()) {
        pads[axis] = (starts as number[])[i]!
        pads[rank + axis] = knownDim(x!.shape, axis) - (ends as number[])[i]!
      }
      return [g!.pad(...pads)]
    },
    onnx: ({ inputs: [x], attributes: { starts, ends, axes } }) => ({
      inputs: [x!, starts as number[], ends as number[], axes as number[]],
      attributes: {},
    }),
  },
  /** Zeros around. */
  Pad: {
    infer([x], { pads }) {
      const rank = x!.shape.length
      const shape = x!.shape.map((dim, axis) => {
        const more = (pads as number[])[axis]! + (pads as number[])[rank + axis]!
        return more ? knownDim(x!.shape, axis) + more : dim
      })
      return [{ dtype: x!.dtype, shape }]
    },
    gradient({ inputs: [x], attributes: { pads } }, [g]) {
      const axes = [...x!.shape.keys()].filter((axis) => x!.shape[axis] !== g!.shape[axis])
      const starts = axes.map((axis) => (pads as number[])[axis]!)
      const ends = axes.map((axis, i) => starts[i]! + knownDim(x!.shape, axis))
      return [g!.crop(axes, starts, ends)]
    },
    onnx: ({ inputs: [x], attributes: { pads } }) => ({ inputs: [x!, pads as number[]], attributes: {} }),
  },
  Split: {
    infer([x], { axis, num_outputs }) {
      const [n, parts] = [knownDim(x!.shape, axis as number), num_outputs as number]
      if (n % parts) throw new ShapeError(`${showShape(x!.shape)} in ${parts} equal parts along axis ${axis}`)
      return Array.from({ length: parts }, () => ({ dtype: x!.dtype, shape: x!.shape.with(axis as number, n / parts) }))
    },
    gradient: ({ outputs, attributes: { axis } }, given) => [
      concat(
        outputs.map((y, i) => given[i] ?? zerosLike(y)),
        axis as number,
      ),
    ],
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
    gradient({ inputs, attributes: { axis } }, [g]) {
      let end = 0
      return inputs.map((x) => {
        const start = end
        end += knownDim(x.shape, axis as number)
        return g!.slice(axis as number, start, end)
      })
    },
  },
  /** Ones on the diagonal of a matrix of this shape, zeros beside it. */
  EyeLike: {
    infer([x]) {
      if (x!.shape.length !== 2) throw new ShapeError(`a diagonal in ${showShape(x!.shape)}`)
      return [{ dtype: x!.dtype, shape: x!.shape }]
    },
    gradient: () => [],
  },
  Expand: {
    infer([x, like]) {
      const shape = broadcast(x!.shape, like!.shape)
      if (!sameShape(shape, like!.shape)) throw new ShapeError(`${showShape(x!.shape)} to ${showShape(like!.shape)}`)
      return [{ dtype: x!.dtype, shape }]
    },
    gradient: (_, [g]) => [g!],
    onnx: ({ inputs: [x, like] }) => ({ inputs: [x!, { shapeOf: like! }], attributes: {} }),
  },
  Gather: {
    infer([x, indices], { axis }) {
      const at = axisOf(axis as number, x!.shape.length)
      return [{ dtype: x!.dtype, shape: [...x!.shape.slice(0, at), ...indices!.shape, ...x!.shape.slice(at + 1)] }]
    },
    // A row that was read several times gets the sum.
    gradient({ inputs: [x, indices], attributes: { axis } }, [g]) {
      const at = axisOf(axis as number, x!.shape.length)
      const after = x!.shape.slice(at + 1)
      const updates = g!.reshape(...x!.shape.slice(0, at), -1, ...after)
      const rows = indices!.reshape(-1, ...after.map(() => 1)).expandLike(updates)
      return [zerosLike(x!).scatterAdd(rows, updates, at)]
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
    // For one position of each sequence: `[batch, length, …]` at `[batch, 1]`.
    gradient({ inputs: [x, indices], attributes: { batch_dims } }, [g]) {
      const [batch, , ...rest] = x!.shape
      if (batch_dims !== 1 || indices!.shape.length !== 2 || indices!.shape[1] !== 1) {
        throw new ShapeError(
          `GatherND: no gradient at positions ${showShape(indices!.shape)} in ${showShape(x!.shape)}`,
        )
      }
      const updates = g!.reshape(batch!, 1, ...rest)
      const positions = indices!.reshape(batch!, 1, ...rest.map(() => 1)).expandLike(updates)
      return [zerosLike(x!).scatterAdd(positions, updates, 1)]
    },
  },
  GatherElements: {
    infer: ([x, indices]) => [{ dtype: x!.dtype, shape: indices!.shape }],
    gradient: ({ inputs: [x, indices], attributes: { axis } }, [g]) => [
      zerosLike(x!).scatterAdd(indices!, g!, axis as number),
    ],
  },
  /** Adds; ONNX Runtime does so in the order of the updates on a CPU, so that the same run gives the same sums. */
  ScatterElements: {
    infer([x, indices, updates]) {
      if (!sameShape(indices!.shape, updates!.shape)) {
        throw new ShapeError(`${showShape(updates!.shape)} at indices ${showShape(indices!.shape)}`)
      }
      return [{ dtype: x!.dtype, shape: x!.shape }]
    },
    gradient: ({ inputs: [, indices], attributes: { axis } }, [g]) => [
      g!,
      undefined,
      g!.gatherElements(indices!, axis as number),
    ],
  },
} satisfies Record<string, Operator>
