// Operators over image planes, `[batch, channels, height, width]`.

import { ShapeError } from '../../errors.ts'
import { knownDim, showShape } from '../shape.ts'
import type { Attribute, Tensor } from '../tensor.ts'
import type { Operator } from './operator.ts'

/** Height and width after sliding a window over them. */
function slide(x: Tensor, kernel: readonly number[], { strides, pads }: Readonly<Record<string, Attribute>>): number[] {
  return [0, 1].map((i) => {
    const padded = knownDim(x.shape, 2 + i) + (pads as number[])[i]! + (pads as number[])[i + 2]!
    if (padded < kernel[i]!) throw new ShapeError(`a window of ${kernel.join('×')} on ${showShape(x.shape)}`)
    return Math.floor((padded - kernel[i]!) / (strides as number[])[i]!) + 1
  })
}

export const convolution = {
  Conv: {
    infer([x, w], attributes) {
      if (x!.shape.length !== 4 || x!.shape[1] !== w!.shape[1]) {
        throw new ShapeError(`a kernel of ${showShape(w!.shape)} on ${showShape(x!.shape)}`)
      }
      const kernel = [knownDim(w!.shape, 2), knownDim(w!.shape, 3)]
      return [{ dtype: x!.dtype, shape: [x!.shape[0]!, w!.shape[0]!, ...slide(x!, kernel, attributes)] }]
    },
  },
  BatchNormalization: {
    infer: ([x]) => [{ dtype: x!.dtype, shape: x!.shape }],
  },
  AveragePool: {
    infer: ([x], attributes) => [
      {
        dtype: x!.dtype,
        shape: [...x!.shape.slice(0, 2), ...slide(x!, attributes.kernel_shape as number[], attributes)],
      },
    ],
  },
} satisfies Record<string, Operator>
