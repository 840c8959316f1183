// Finds the first parameter that holds NaN or infinity. It reads all weights until it finds one, so it is called only after an
// output was broken; it reads the parameters of that encoder first.

import type { Checkpoint } from '../checkpoint/checkpoint.ts'
import { readTensor } from '../checkpoint/read.node.ts'
import type { Source } from '../formats/tensor-names.ts'
import { brokenNumber } from './embeddings.ts'

/** `parameter visual.proj [768, 512] holds NaN`; undefined if all weights are finite. */
export async function brokenParameter(
  { tensors }: Checkpoint,
  sources: ReadonlyMap<string, Source>,
  tower: 'image' | 'text',
): Promise<string | undefined> {
  const isOwn = ([name]: [string, unknown]) => name.startsWith('visual.') === (tower === 'image')
  const all = [...sources]
  for (const [name, { names }] of [...all.filter(isOwn), ...all.filter((source) => !isOwn(source))]) {
    for (const stored of names) {
      const tensor = tensors.get(stored)!
      const values = await readTensor(tensor)
      const found = values instanceof Float32Array ? brokenNumber(values) : undefined
      if (found) return `parameter ${name} [${tensor.shape.join(', ')}] holds ${found}`
    }
  }
  return undefined
}
