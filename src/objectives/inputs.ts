// The inputs of an objective's graph, and their values for a batch of captions. The numbers of examples and of tokens are
// known when the graph runs.

import { Tensor as Value } from 'onnxruntime-common'
import { input } from '../graph/tensor.ts'
import type { ClipConfig } from '../model/config.ts'
import type { Captions, Examples } from './objective.ts'

export const captionInputs = (): Captions => ({
  text: {
    ids: input('ids', 'int32', ['batch', 'length']),
    end: input('end', 'int64', ['batch', 1]),
    positions: input('positions', 'int32', ['length']),
  },
  isWord: input('isWord', 'float32', ['batch', 'length']),
  nextIds: input('nextIds', 'int32', ['batch', 'length']),
  predictPositions: input('predictPositions', 'int32', ['predicted']),
  predictIndex: input('predictIndex', 'int32', ['batch', 'length']),
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

/**
 * Values for `captionInputs`.
 *
 * @param ids `[captions, length]`, zeros after each end
 * @param ends position of each caption's end token
 */
export function captionValues(ids: Int32Array, ends: readonly number[]): Record<string, Value> {
  const length = ids.length / ends.length
  const isWord = new Float32Array(ids.length)
  const nextIds = new Int32Array(ids.length)
  const predictIndex = new Int32Array(ids.length)
  const predictPositions: number[] = []
  for (const [row, end] of ends.entries()) {
    for (let position = 0; position < end; position++) {
      const i = row * length + position
      isWord[i] = position > 0 ? 1 : 0
      nextIds[i] = ids[i + 1]!
      predictIndex[i] = predictPositions.push(i) - 1
    }
  }
  const shape = [ends.length, length]
  return {
    ids: new Value('int32', ids, shape),
    end: new Value('int64', BigInt64Array.from(ends, BigInt), [ends.length, 1]),
    positions: new Value(
      'int32',
      Int32Array.from({ length }, (_, i) => i),
      [length],
    ),
    isWord: new Value('float32', isWord, shape),
    nextIds: new Value('int32', nextIds, shape),
    predictPositions: new Value('int32', Int32Array.from(predictPositions), [predictPositions.length]),
    predictIndex: new Value('int32', predictIndex, shape),
  }
}
