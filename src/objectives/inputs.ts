// The inputs of a graph over examples: how many there are, and how long their captions, is known when it runs.

import { input } from '../graph/tensor.ts'
import type { ClipConfig } from '../model/config.ts'
import type { Captions, Examples } from './objective.ts'

export const captionInputs = (): Captions => ({
  text: {
    ids: input('ids', 'int32', ['batch', 'length']),
    end: input('end', 'int64', ['batch', 1]),
    positions: input('positions', 'int32', ['length']),
  },
  words: input('words', 'float32', ['batch', 'length']),
  next: input('next', 'int32', ['batch', 'length']),
  told: input('told', 'int32', ['told']),
  place: input('place', 'int32', ['batch', 'length']),
})

export function exampleInputs({ image, embedDim }: ClipConfig, { training = true } = {}): Examples {
  const size = image!.imageSize
  return {
    image: input('image', 'float32', ['batch', 3, size, size]),
    embedding: input('embedding', 'float32', ['batch', embedDim]),
    label: input('label', 'int32', ['batch']),
    ...captionInputs(),
    training,
  }
}
