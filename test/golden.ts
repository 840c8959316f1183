// Golden files of arrays, and the distance of ours from them.

import { expect } from 'vitest'
import { openCheckpoint } from '../src/checkpoint/open.node.ts'
import { readTensor } from '../src/checkpoint/read.node.ts'
import * as tolerance from './tolerances.ts'

export interface Stored {
  data: Float32Array
  shape: number[]
}

/** Every tensor of a file as float32, except PyTorch's `num_batches_tracked`. */
export async function readAll(file: string): Promise<Map<string, Stored>> {
  const { tensors } = await openCheckpoint(file)
  const all = new Map<string, Stored>()
  for (const [name, tensor] of tensors) {
    if (name.endsWith('num_batches_tracked')) continue
    all.set(name, { data: Float32Array.from((await readTensor(tensor)) as ArrayLike<number>), shape: tensor.shape })
  }
  return all
}

const norm = (x: ArrayLike<number>): number => Math.sqrt(Array.from(x).reduce((sum, value) => sum + value * value, 0))

/** `‖a − b‖ / ‖b‖` */
export const apart = (a: Float32Array, b: Float32Array): number => norm(a.map((value, i) => value - b[i]!)) / norm(b)

/** The range of the key's bias in a tensor: its own, or that of query, key and value together. */
function keyBias(name: string, length: number): [number, number] {
  if (name.endsWith('k_proj.bias')) return [0, length]
  return name.endsWith('in_proj_bias') ? [length / 3, (2 * length) / 3] : [0, 0]
}

/**
 * Compares arrays with those of a golden file, which stores only every n-th element of a large tensor, and the norm of the
 * whole tensor under `<name>/norm`.
 *
 * @param kinds which tensors of the file: `gradient/`, `buffer/`, `parameter/`; of gradients, a key's bias has to be 0
 */
export function expectAsGolden(
  found: ReadonlyMap<string, Float32Array>,
  golden: ReadonlyMap<string, Stored>,
  { kinds, every, within }: { kinds: readonly string[]; every: number; within: number },
): void {
  const compared = [...golden].filter(([key]) => kinds.some((kind) => key.startsWith(kind)) && !key.endsWith('/norm'))
  expect(compared.map(([key]) => key).filter((key) => !found.has(key))).toEqual([])
  for (const [key, { data }] of compared) {
    const ours = found.get(key)!
    const [from, to] = key.startsWith('gradient/') ? keyBias(key, ours.length) : [0, 0]
    for (const value of ours.subarray(from, to)) expect(Math.abs(value), key).toBeLessThan(tolerance.zeroGradient)
    if (to - from === ours.length) continue

    const whole = golden.get(`${key}/norm`)
    if (whole) expect(Math.abs(norm(ours) / whole.data[0]! - 1), key).toBeLessThan(within)
    const kept = (x: Float32Array) => x.filter((_, i) => (i < from || i >= to) && (!whole || i % every === 0))
    expect(apart(kept(ours), whole ? data : kept(data)), key).toBeLessThan(within)
  }
}
