import { expect, it } from 'vitest'
import { distribution } from './distribute.ts'
import { gradients } from './gradient.ts'
import { printGraph } from './print.ts'
import { input } from './tensor.ts'

const x = input('x', 'float32', ['batch', 8])
const w = input('w', 'float32', [6, 8])
const [a, b] = [input('a', 'float32', [1, 8]), input('b', 'float32', [6, 1])]

it('multiplies a thin product beside a weight out, so that no gradient is as large as the weight', () => {
  const y = x.matmulTransposed(w.add(b.matmul(a)))
  const loss = distribution()(y.relu().sum([0, 1], false))
  const graph = printGraph({ ...Object.fromEntries(gradients(loss, [a, b]).map((g, i) => [`${i}`, g])) })
  expect(graph).not.toContain('[6, 8] = ')
  expect(printGraph({ loss })).toMatchInlineSnapshot(`
    "x: float32 [batch, 8]
    w: float32 [6, 8]
    a: float32 [1, 8]
    b: float32 [6, 1]

    # top level
    %0 = FusedMatMul(x, w) transB=1 → float32 [batch, 6]
    %1 = FusedMatMul(x, a) transB=1 → float32 [batch, 1]
    %2 = FusedMatMul(%1, b) transB=1 → float32 [batch, 6]
    %3 = Add(%0, %2) → float32 [batch, 6]
    %4 = Relu(%3) → float32 [batch, 6]
    %5 = ReduceSum(%4) axes=[0, 1] keepdims=0 → float32 []

    loss = %5"
  `)
})

it('leaves everything else as it is', () => {
  const many = [input('a', 'float32', [4, 8]), input('b', 'float32', [6, 4])] as const
  for (const weight of [w, w.add(1), w.add(many[1].matmul(many[0]))]) {
    const y = x.matmulTransposed(weight)
    expect(distribution()(y)).toBe(y)
  }
})
