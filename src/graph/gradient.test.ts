import { expect, it } from 'vitest'
import { gradients } from './gradient.ts'
import { operators } from './operators/index.ts'
import { printGraph } from './print.ts'
import { withScope } from './scope.ts'
import { input } from './tensor.ts'

const x = input('x', 'float32', ['batch', 3])
const w = input('w', 'float32', [2, 3])

it('is more graph, with what lies between and no more', () => {
  const loss = x.matmulTransposed(w).add(1).sum([0, 1], false)
  const [dw] = gradients(loss, [w])
  expect(printGraph({ dw: dw! })).toMatchInlineSnapshot(`
    "x: float32 [batch, 3]
    w: float32 [2, 3]

    # top level
    %0 = Reshape(1) shape=[1, 1] → float32 [1, 1]
    %1 = FusedMatMul(x, w) transB=1 → float32 [batch, 2]
    %2 = Expand(%0, %1) → float32 [batch, 2]
    %3 = FusedMatMul(%2, x) transA=1 → float32 [2, 3]

    dw = %3"
  `)
})

it('adds what comes along several ways, and sums what was broadcast', () => {
  const bias = input('bias', 'float32', [3])
  const each = input('each', 'float32', ['batch', 1])
  const found = gradients(x.mul(bias).add(bias).mul(each).sum([0, 1], false), [bias, each, x])
  expect(found.map(String)).toEqual(['float32 [3]', 'float32 [batch, 1]', 'float32 [batch, 3]'])
})

it('is given by values within the graph, and is zeros where the loss does not look', () => {
  const y = x.mul(2)
  const [dy, dw] = gradients(y.mul(y).sum([0, 1], false), [y, w])
  expect(printGraph({ dy: dy!, dw: dw! })).toMatchInlineSnapshot(`
    "x: float32 [batch, 3]
    w: float32 [2, 3]

    # top level
    %0 = Reshape(1) shape=[1, 1] → float32 [1, 1]
    %1 = Mul(x, 2) → float32 [batch, 3]
    %2 = Mul(%0, %1) → float32 [batch, 3]
    %3 = Mul(%0, %1) → float32 [batch, 3]
    %4 = Add(%2, %3) → float32 [batch, 3]
    %5 = Expand(0, w) → float32 [2, 3]

    dy = %4
    dw = %5"
  `)
})

it('takes the parts of a Split that are not read as zeros', () => {
  const [first] = input('packed', 'float32', ['batch', 'length', 6]).split(-1, 3)
  const [, , third] = x.split(-1, 3)
  const loss = first!.mean([0, 1, 2], false).add(third!.sum([0, 1], false))
  expect(gradients(loss, [x]).map(String)).toEqual(['float32 [batch, 3]'])
})

it('says which operator has no rule, and where', () => {
  const { Erf } = operators
  const rule = Erf.gradient!
  const loss = withScope('visual.odd', () => x.erf().sum([0, 1], false))
  delete Erf.gradient
  try {
    expect(() => gradients(loss, [x])).toThrow('Erf at visual.odd: the operator has no gradient rule')
    expect(gradients(loss, [w]).map(String)).toEqual(['float32 [2, 3]'])
  } finally {
    Erf.gradient = rule
  }
})

it('wants one number', () => {
  expect(() => gradients(x, [x])).toThrow('expected [], found [batch, 3]')
})
