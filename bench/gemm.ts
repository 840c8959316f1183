// The speed of a plain matrix product in ONNX Runtime on this machine, the limit of everything here.

import { Tensor as Value } from 'onnxruntime-common'
import { constant, createRuntime, input } from 'typeclip/graph'
import { threads } from './settings.ts'

/** GFLOP/s of `[1600, 768] × [768, 3072]`, the widest product of a ViT-B/32 at batch 32, weights packed. */
export async function gemmPeak(): Promise<() => Promise<number>> {
  const [n, k, m] = [1600, 768, 3072]
  const w = constant(
    Float32Array.from({ length: k * m }, (_, i) => Math.sin(i)),
    [k, m],
  )
  const program = await createRuntime({ threads }).compile({ y: input('x', 'float32', [n, k]).matmul(w) })
  const x = new Value('float32', new Float32Array(n * k).fill(0.1), [n, k])
  return async () => {
    const start = performance.now()
    await program.run({ x })
    return (2 * n * k * m) / (performance.now() - start) / 1e6
  }
}
