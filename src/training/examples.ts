// A batch as the graph is fed it: normalised pictures, and captions as ids cut to the longest in the batch, which is exact
// since nothing after end-of-text is ever read.

import { Tensor as Value } from 'onnxruntime-common'
import { normalize, type Preprocessing } from '../image/transform.ts'
import { toldPositions } from '../objectives/told-positions.ts'

/** Pictures and captions, prepared but not yet numbers of the graph. */
export interface Batch {
  /** `[n, 3, size, size]` bytes; empty where `embeddings` are read in their place */
  pixels: Uint8Array
  /** Ids of each caption, from start-of-text to where its embedding is read. */
  ids: readonly (readonly number[])[]
  /** Each one's class by number, for objectives that ask. */
  labels?: Int32Array | undefined
  /** `[n, embedDim]`, of a frozen image tower, for objectives that ask. */
  embeddings?: Float32Array | undefined
}

/** The rows `from … to` of a batch. */
export function exampleValues(
  { pixels, ids, labels, embeddings }: Batch,
  preprocessing: Preprocessing,
  from = 0,
  to = ids.length,
): Record<string, Value> {
  const { size } = preprocessing
  const area = 3 * size * size
  const rows = to - from
  const image = new Float32Array(pixels.length > 0 ? rows * area : 0)
  for (let i = 0; i < image.length / area; i++) {
    normalize(pixels.subarray((from + i) * area, (from + i + 1) * area), preprocessing, image, i * area)
  }
  const width = (embeddings?.length ?? 0) / ids.length
  const captions = ids.slice(from, to)
  const length = Math.max(...captions.map((caption) => caption.length))
  const table = (value: (caption: readonly number[], position: number) => number) =>
    captions.flatMap((caption) => Array.from({ length }, (_, position) => value(caption, position)))
  const end = (caption: readonly number[]) => caption.length - 1
  return {
    ...(image.length > 0 && { image: new Value('float32', image, [rows, 3, size, size]) }),
    ...(labels && { label: new Value('int32', labels.slice(from, to), [rows]) }),
    ...(embeddings && {
      embedding: new Value('float32', embeddings.slice(from * width, to * width), [rows, width]),
    }),
    ids: new Value('int32', Int32Array.from(table((caption, i) => caption[i] ?? 0)), [rows, length]),
    end: new Value(
      'int64',
      BigInt64Array.from(captions, (caption) => BigInt(end(caption))),
      [rows, 1],
    ),
    positions: new Value(
      'int32',
      Int32Array.from({ length }, (_, i) => i),
      [length],
    ),
    words: new Value('float32', Float32Array.from(table((c, i) => (i > 0 && i < end(c) ? 1 : 0))), [rows, length]),
    next: new Value('int32', Int32Array.from(table((caption, i) => caption[i + 1] ?? 0)), [rows, length]),
    ...toldPositions(captions.map(end), length),
  }
}
