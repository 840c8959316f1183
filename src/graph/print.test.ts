import { expect, it } from 'vitest'
import { printGraph } from './print.ts'
import { layer } from './scope.ts'
import { constant, input, type Tensor, weight } from './tensor.ts'

const data = { bytes: new Uint8Array() }

const attention = layer((p: { path: string }, x: Tensor, heads: number) => {
  const packed = x.matmulTransposed(weight(`${p.path}.in_proj_weight`, 'float16', [12, 4], data).cast('float32'))
  const [q, k, v] = packed.split(-1, 3) as [Tensor, Tensor, Tensor]
  return q
    .mul((4 / heads) ** -0.5)
    .matmul(k.transpose())
    .softmax()
    .matmul(v)
})

it('prints one line a node, under a heading for each part of the model', () => {
  const ids = input('ids', 'int32', ['batch', 'length'])
  const x = weight('token_embedding.weight', 'float32', [9, 4], data).gather(ids)
  const attended = x.add(attention({ path: 'resblocks.0.attn' }, x, 4))
  const mask = constant(new Float32Array(9), [3, 3]).gather(constant(Int32Array.of(2, 0), [2]))
  expect(printGraph({ embedding: attended, mask })).toMatchInlineSnapshot(`
    "ids: int32 [batch, length]

    # top level
    %0 = Gather(token_embedding.weight [9, 4], ids) axis=0 → float32 [batch, length, 4]

    # resblocks.0.attn
    %1 = FusedMatMul(%0, resblocks.0.attn.in_proj_weight [12, 4] float16) transB=1 → float32 [batch, length, 12]
    %2, %3, %4 = Split(%1) axis=2 num_outputs=3 → 3 × float32 [batch, length, 4]
    %5 = Mul(%2, 1) → float32 [batch, length, 4]
    %6 = Transpose(%3) perm=[0, 2, 1] → float32 [batch, 4, length]
    %7 = MatMul(%5, %6) → float32 [batch, length, length]
    %8 = Softmax(%7) axis=-1 → float32 [batch, length, length]
    %9 = MatMul(%8, %4) → float32 [batch, length, 4]

    # top level
    %10 = Add(%0, %9) → float32 [batch, length, 4]
    %11 = Gather(constant [3, 3], [2, 0]) axis=0 → float32 [2, 3]

    embedding = %10
    mask = %11"
  `)
})
