// The positions of a batch of captions that tell a word: those before each end. What is as large as the vocabulary is
// computed for them alone, and not for the padding.

import { Tensor as Value } from 'onnxruntime-common'

/**
 * `told`: the positions, counted through the batch, `[told]`. `place`: where each position is among them, and 0 for
 * padding, `[batch, length]`.
 *
 * @param ends where each caption ends
 * @param length of the longest caption, that all are padded to
 */
export function toldPositions(ends: readonly number[], length: number): { told: Value; place: Value } {
  const told: number[] = []
  const place = new Int32Array(ends.length * length)
  for (const [row, end] of ends.entries()) {
    for (let i = row * length; i < row * length + end; i++) place[i] = told.push(i) - 1
  }
  return {
    told: new Value('int32', Int32Array.from(told), [told.length]),
    place: new Value('int32', place, [ends.length, length]),
  }
}
