// A checkpoint's tensors as the model's parameters: under canonical names, as float32, left in their file.

import type { StoredTensor } from '../checkpoint/checkpoint.ts'
import { compositions } from '../formats/compose.ts'
import type { Source } from '../formats/tensor-names.ts'
import { concat, type Data, type Tensor, weight } from '../graph/tensor.ts'
import type { Lookup } from '../model/parameters.ts'

/** A tensor in a file, or in memory if it cannot be used in place. */
export type Stored = Pick<StoredTensor, 'dtype' | 'shape'> & Data

/** How the stored tensors make the canonical one, as graph: ONNX Runtime folds it while it loads the model. */
const compose: Record<Source['how'], (parts: readonly Tensor[]) => Tensor> = {
  same: ([x]) => x!,
  transpose: ([x]) => x!.transpose(),
  concat: (parts) => concat(parts, 0),
  reshape: ([x]) => x!,
}

export function checkpointLookup(tensors: ReadonlyMap<string, Stored>, sources: ReadonlyMap<string, Source>): Lookup {
  const made = new Map<string, Tensor>()
  return (name) => {
    const source = sources.get(name)
    if (!source || made.has(name)) return made.get(name)
    const parts = source.names.map((stored) => {
      const tensor = tensors.get(stored)!
      return weight(stored, tensor.dtype, tensor.shape, tensor).cast('float32')
    })
    made.set(name, compose[source.how](parts))
    return made.get(name)
  }
}

/** Shapes by canonical name. */
export function canonicalShapes(
  tensors: ReadonlyMap<string, { shape: number[] }>,
  sources: ReadonlyMap<string, Source>,
): Map<string, readonly number[]> {
  const entries = [...sources].map(([name, { names, how }]) => {
    const parts = names.map((stored) => tensors.get(stored)!.shape)
    return [name, compositions[how].shape(parts, name)] as const
  })
  return new Map(entries)
}
