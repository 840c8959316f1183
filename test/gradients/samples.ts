// Sample applications of every operator of the table, to test its gradient rule.

import type { OperatorName } from '../../src/graph/operators/index.ts'
import type { Shape } from '../../src/graph/shape.ts'
import type { Attribute } from '../../src/graph/tensor.ts'

/** Sizes of the named dims. */
export const sizes: Readonly<Record<string, number>> = { batch: 3, length: 5 }

/** The uniform range of an input's random values. Whole numbers are indices: int64, below the bound, and not differentiated. */
export type Draw = { from: number; to: number } | { awayFrom: 0 } | { below: number }

export interface SampleInput {
  shape: Shape
  draw?: Draw
}

export interface Sample {
  inputs: readonly SampleInput[]
  attributes?: Readonly<Record<string, Attribute>>
}

const x = { shape: ['batch', 'length', 4] } satisfies SampleInput
const row = { shape: [4] } satisfies SampleInput
const column = { shape: ['length', 1] } satisfies SampleInput
const positive: Draw = { from: 1, to: 2 }
/** For functions with a kink at 0, where finite differences are meaningless. */
const awayFromZero: Draw = { awayFrom: 0 }
const image = { shape: ['batch', 3, 7, 6] } satisfies SampleInput
const channel = { shape: [3] } satisfies SampleInput
const zeros = { shape: [3], draw: { from: 0, to: 0 } } satisfies SampleInput

const reductions: readonly Sample[] = [
  { inputs: [x], attributes: { axes: [1], keepdims: 1 } },
  { inputs: [x], attributes: { axes: [-1], keepdims: 0 } },
  { inputs: [x], attributes: { axes: [0, 2], keepdims: 0 } },
  { inputs: [x], attributes: { axes: [0, 1, 2], keepdims: 0 } },
]

export const samples: Readonly<Record<OperatorName, readonly Sample[]>> = {
  Add: [{ inputs: [x, row] }, { inputs: [column, x] }],
  Sub: [{ inputs: [x, row] }, { inputs: [column, x] }],
  Mul: [{ inputs: [x, row] }, { inputs: [column, x] }, { inputs: [x, { shape: [] }] }],
  Div: [{ inputs: [x, { ...row, draw: positive }] }, { inputs: [column, { ...x, draw: positive }] }],
  Neg: [{ inputs: [x] }],
  Exp: [{ inputs: [x] }],
  Log: [{ inputs: [{ ...x, draw: positive }] }],
  Sqrt: [{ inputs: [{ ...x, draw: positive }] }],
  Erf: [{ inputs: [x] }],
  Tanh: [{ inputs: [x] }],
  Sigmoid: [{ inputs: [x] }],
  Softplus: [{ inputs: [x] }],
  Relu: [{ inputs: [{ ...x, draw: awayFromZero }] }],
  Gelu: [{ inputs: [x] }],
  QuickGelu: [{ inputs: [x], attributes: { alpha: 1.702 } }],
  Sign: [{ inputs: [{ ...x, draw: awayFromZero }] }],
  Greater: [
    {
      inputs: [
        { ...x, draw: awayFromZero },
        { shape: [], draw: { from: 0, to: 0 } },
      ],
    },
  ],
  Cast: [{ inputs: [x], attributes: { dtype: 'float64' } }],

  MatMul: [
    { inputs: [{ shape: ['length', 4] }, { shape: [4, 3] }] },
    { inputs: [x, { shape: [4, 3] }] },
    { inputs: [x, { shape: ['batch', 4, 'length'] }] },
    { inputs: [{ shape: [2, 'length'] }, x] },
    { inputs: [{ shape: ['batch', 1, 'length', 4] }, { shape: [2, 4, 3] }] },
  ],
  FusedMatMul: [
    { inputs: [{ shape: ['length', 4] }, { shape: [3, 4] }], attributes: { transB: 1 } },
    { inputs: [x, { shape: [3, 4] }], attributes: { transB: 1 } },
    { inputs: [x, { shape: ['batch', 3, 4] }], attributes: { transB: 1 } },
    { inputs: [{ shape: ['length', 4] }, { shape: ['length', 3] }], attributes: { transA: 1 } },
    { inputs: [x, { shape: ['batch', 'length', 3] }], attributes: { transA: 1 } },
    { inputs: [{ shape: ['batch', 2, 'length', 4] }, { shape: [1, 2, 3, 4] }], attributes: { transB: 1 } },
  ],
  ReduceSum: reductions,
  ReduceMean: reductions,
  ReduceLogSumExp: reductions,
  Softmax: [
    { inputs: [x], attributes: { axis: -1 } },
    { inputs: [x], attributes: { axis: 1 } },
  ],
  LayerNormalization: [
    {
      inputs: [{ shape: ['batch', 'length', 8] }, { shape: [8] }, { shape: [8] }],
      attributes: { axis: -1, epsilon: 0.1 },
    },
  ],
  Size: [{ inputs: [x] }],
  ArgMax: [{ inputs: [{ ...x, draw: { from: 0, to: 1000 } }], attributes: { axis: 1, keepdims: 0 } }],

  SequencedAfter: [{ inputs: [x, row] }],
  Reshape: [
    { inputs: [x], attributes: { shape: ['batch', 'length', 2, 2] } },
    { inputs: [x], attributes: { shape: ['batch·length', 4] } },
  ],
  Transpose: [{ inputs: [x], attributes: { perm: [2, 0, 1] } }],
  Slice: [
    { inputs: [x], attributes: { starts: [1], ends: [3], axes: [2] } },
    { inputs: [image], attributes: { starts: [0, 2], ends: [5, 6], axes: [2, 3] } },
  ],
  Pad: [{ inputs: [x], attributes: { pads: [0, 0, 1, 0, 0, 2] } }],
  Split: [{ inputs: [{ shape: ['batch', 6] }], attributes: { axis: 1, num_outputs: 3 } }],
  Concat: [{ inputs: [x, { shape: ['batch', 'length', 2] }], attributes: { axis: 2 } }],
  Expand: [{ inputs: [row, x] }, { inputs: [column, x] }],
  EyeLike: [{ inputs: [{ shape: ['batch', 'length'] }] }],
  Gather: [
    { inputs: [{ shape: [6, 4] }, { shape: ['batch', 'length'], draw: { below: 6 } }], attributes: { axis: 0 } },
    { inputs: [{ shape: ['batch', 6, 2] }, { shape: ['length'], draw: { below: 6 } }], attributes: { axis: 1 } },
    { inputs: [{ shape: [6, 4] }, { shape: [], draw: { below: 6 } }], attributes: { axis: 0 } },
  ],
  GatherND: [{ inputs: [x, { shape: ['batch', 1], draw: { below: 5 } }], attributes: { batch_dims: 1 } }],
  GatherElements: [{ inputs: [x, { shape: ['batch', 'length', 7], draw: { below: 4 } }], attributes: { axis: 2 } }],
  ScatterElements: [
    {
      inputs: [x, { shape: ['batch', 'length', 7], draw: { below: 4 } }, { shape: ['batch', 'length', 7] }],
      attributes: { axis: 2, reduction: 'add' },
    },
  ],

  Conv: [
    // 1 × 1; patches, with and without a remainder; 3 × 3; strides that read every pixel, and strides that do not.
    { inputs: [image, { shape: [4, 3, 1, 1] }], attributes: { strides: [1, 1], pads: [0, 0, 0, 0] } },
    { inputs: [image, { shape: [4, 3, 7, 3] }], attributes: { strides: [7, 3], pads: [0, 0, 0, 0] } },
    { inputs: [image, { shape: [4, 3, 2, 4] }], attributes: { strides: [2, 4], pads: [0, 0, 0, 0] } },
    { inputs: [image, { shape: [4, 3, 3, 3] }], attributes: { strides: [1, 1], pads: [1, 1, 1, 1] } },
    { inputs: [image, { shape: [4, 3, 3, 3] }], attributes: { strides: [2, 2], pads: [1, 1, 1, 1] } },
    { inputs: [image, { shape: [4, 3, 2, 3] }], attributes: { strides: [3, 2], pads: [0, 1, 1, 0] } },
    { inputs: [image, { shape: [4, 3, 1, 1] }], attributes: { strides: [2, 2], pads: [0, 0, 0, 0] } },
  ],
  ConvTranspose: [
    {
      inputs: [image, { shape: [3, 4, 3, 3] }],
      attributes: { strides: [1, 1], pads: [1, 1, 1, 1], output_padding: [0, 0] },
    },
    {
      inputs: [image, { shape: [3, 4, 3, 3] }],
      attributes: { strides: [2, 2], pads: [1, 1, 1, 1], output_padding: [1, 0] },
    },
  ],
  BatchNormalization: [
    { inputs: [image, channel, channel, channel, { ...channel, draw: positive }], attributes: { epsilon: 1e-5 } },
  ],
  BatchNormalizationTraining: [{ inputs: [image, channel, channel, zeros, zeros], attributes: { epsilon: 0.1 } }],
  AveragePool: [
    { inputs: [image], attributes: { kernel_shape: [2, 2], strides: [2, 2], pads: [0, 0, 0, 0] } },
    { inputs: [image], attributes: { kernel_shape: [7, 3], strides: [7, 3], pads: [0, 0, 0, 0] } },
  ],
  Resize: [{ inputs: [image], attributes: { times: [2, 3] } }],
}
