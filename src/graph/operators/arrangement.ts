// Operators that move elements, without arithmetic.

import { ShapeError } from '../../errors.ts'
import {
  axisOf,
  broadcast,
  type Dim,
  expressibleReshape,
  knownDim,
  type Shape,
  sameShape,
  showShape,
  size,
} from '../shape.ts'
import { concat, zerosLike } from '../tensor.ts'
import type { Operator } from './operator.ts'

export const arrangement = {
  Reshape: {
    infer([x], { shape }) {
      if (size(x!.shape) !== size(shape as Shape)) {
        throw new ShapeError(`${showShape(x!.shape)} cannot be reshaped to ${showShape(shape as Shape)}`)
      }
      return [{ dtype: x!.dtype, shape: shape as Shape }]
    },
    gradient: ({ inputs: [x] }, [g]) => [g!.reshapeLike(x!)],
    // The target is the shape of a second input, or constant: 0 keeps a dim in place, and one -1 is inferred.
    onnx({ inputs: [x, like], attributes: { shape } }) {
      if (like) return { inputs: [x!, { shapeOf: like }], attributes: {} }
      const target = (shape as Shape).map((dim, i) => (typeof dim === 'number' ? dim : dim === x!.shape[i] ? 0 : -1))
      if (!expressibleReshape(x!.shape, shape as Shape)) {
        throw new ShapeError(
          `Reshape of ${showShape(x!.shape)} to ${showShape(shape as Shape)}: more than one named dim moves`,
        )
      }
      return { inputs: [x!, target], attributes: {} }
    },
  },
  /** The first input, computed after the second: in ONNX a Reshape to its own shape, which waits for the second's size. */
  SequencedAfter: {
    name: 'Reshape',
    infer: ([x]) => [{ dtype: x!.dtype, shape: x!.shape }],
    gradient: (_, [g]) => [g!],
    onnx: ({ inputs: [x, after] }) => ({ inputs: [x!, { shapeOf: x!, after: after! }], attributes: {} }),
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
  /** With zeros. */
  Pad: {
    infer([x], { pads }) {
      const rank = x!.shape.length
      const shape = x!.shape.map((dim, axis) => {
        const added = (pads as number[])[axis]! + (pads as number[])[rank + axis]!
        return added ? knownDim(x!.shape, axis) + added : dim
      })
      return [{ dtype: x!.dtype, shape }]
    },
    gradient({ inputs: [x], attributes: { pads } }, [g]) {
      const axes = [...x!.shape.keys()].filter((axis) => x!.shape[axis] !== g!.shape[axis])
      const starts = axes.map((axis) => (pads as number[])[axis]!)
      const ends = axes.map((axis, i) => starts[i]! + knownDim(x!.shape, axis))
      return [g!.sliceAxes(axes, starts, ends)]
    },
    onnx: ({ inputs: [x], attributes: { pads } }) => ({ inputs: [x!, pads as number[]], attributes: {} }),
  },
  Split: {
    infer([x], { axis, num_outputs }) {
      const [n, parts] = [knownDim(x!.shape, axis as number), num_outputs as number]
      if (n % parts) throw new ShapeError(`${showShape(x!.shape)} in ${parts} equal parts along axis ${axis}`)
      return Array.from({ length: parts }, () => ({ dtype: x!.dtype, shape: x!.shape.with(axis as number, n / parts) }))
    },
    gradient: ({ outputs, attributes: { axis } }, upstream) => [
      concat(
        outputs.map((y, i) => upstream[i] ?? zerosLike(y)),
        axis as number,
      ),
    ],
  },
  Concat: {
    infer(inputs, { axis }) {
      const [first] = inputs
      const position = axisOf(axis as number, first!.shape.length)
      for (const x of inputs) {
        if (!sameShape(x.shape.with(position, 0), first!.shape.with(position, 0))) {
          throw new ShapeError(`${inputs.map((t) => showShape(t.shape)).join(' and ')} along axis ${position}`)
        }
      }
      const length = inputs.reduce((sum, x) => sum + knownDim(x.shape, position), 0)
      return [{ dtype: first!.dtype, shape: first!.shape.with(position, length) }]
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
  /** An identity matrix of this shape. */
  EyeLike: {
    infer([x]) {
      if (x!.shape.length !== 2) throw new ShapeError(`expected a matrix, found ${showShape(x!.shape)}`)
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
      const position = axisOf(axis as number, x!.shape.length)
      return [
        {
          dtype: x!.dtype,
          shape: [...x!.shape.slice(0, position), ...indices!.shape, ...x!.shape.slice(position + 1)],
        },
      ]
    },
    // If a row is read several times, its gradients add up.
    gradient({ inputs: [x, indices], attributes: { axis } }, [g]) {
      const position = axisOf(axis as number, x!.shape.length)
      const rest = x!.shape.slice(position + 1)
      const updates = g!.reshape(...x!.shape.slice(0, position), -1, ...rest)
      const rows = indices!.reshape(-1, ...rest.map(() => 1)).expandLike(updates)
      return [zerosLike(x!).scatterAdd(rows, updates, position)]
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
    // For one position of each sequence: `[batch, length, …]` indexed by `[batch, 1]`.
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
  /** Adds. On a CPU, ONNX Runtime adds in the order of the updates, so sums are reproducible. */
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
