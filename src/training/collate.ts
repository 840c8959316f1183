// Collation: samples become the arrays of one batch (Figure 3's `I[n, h, w, c]` and `T[n, l]`), and rows of a batch become
// the inputs of the graph. Images stay bytes and captions stay unpadded until a step reads them.

import { Tensor as Value } from 'onnxruntime-common'
import { endOf } from '../clip/text-batches.ts'
import { normalize, type Preprocessing } from '../image/transform.ts'
import type { ClipConfig, TextTowerConfig } from '../model/config.ts'
import { checkIds } from '../model/token-ids.ts'
import { captionValues } from '../objectives/inputs.ts'
import type { Tokenizer } from '../tokenizer/tokenize.ts'

/** A batch of examples, as the objectives take it. */
export interface Batch {
  /** `[n, 3, size, size]` bytes, not normalised; empty if there are `embeddings`. */
  pixels: Uint8Array
  /** Ids of each caption, from start-of-text to end-of-text. */
  ids: readonly (readonly number[])[]
  /** Each example's class, as an index; for objectives over classes. */
  labels?: Int32Array | undefined
  /** `[n, embedDim]`: embeddings of a frozen image encoder, read in place of `pixels`. */
  embeddings?: Float32Array | undefined
}

interface Samples extends Pick<Batch, 'pixels' | 'embeddings'> {
  captions: readonly string[]
  labels: readonly (string | undefined)[]
}

/** @param classes names in order, if the objective reads labels */
export function collate(
  { pixels, embeddings, captions, labels }: Samples,
  tokenizer: Tokenizer,
  { text }: ClipConfig,
  classes?: readonly string[],
): Batch {
  return {
    pixels,
    ids: tokenizeCaptions(captions, tokenizer, text!),
    embeddings,
    labels: classes && Int32Array.from(labels, (label) => classes.indexOf(label!)),
  }
}

/** A caption that is too long is cut, keeping the end token, as open_clip's tokenizer does. */
export function tokenizeCaptions(captions: readonly string[], tokenizer: Tokenizer, text: TextTowerConfig): number[][] {
  return captions.map((caption) => {
    const ids = tokenizer.encode(caption)
    checkIds(ids, text, caption)
    const cut = ids.length > text.contextLength ? [...ids.slice(0, text.contextLength - 1), tokenizer.endId] : ids
    return cut.slice(0, endOf(Int32Array.from(cut), text) + 1)
  })
}

/**
 * Values of the graph's inputs (`exampleInputs`) for the rows `from … to` of a batch. Captions are padded to the longest of
 * these rows only, which is exact: attention is causal, so nothing after end-of-text is read.
 */
export function exampleValues(
  { pixels, ids, labels, embeddings }: Batch,
  preprocessing: Preprocessing,
  from = 0,
  to = ids.length,
): Record<string, Value> {
  const { size } = preprocessing
  const rows = to - from
  const captions = ids.slice(from, to)
  const length = Math.max(...captions.map((caption) => caption.length))
  const padded = new Int32Array(rows * length)
  for (const [row, caption] of captions.entries()) padded.set(caption, row * length)
  const values = captionValues(
    padded,
    captions.map((caption) => caption.length - 1),
  )

  if (pixels.length > 0) {
    const imageLength = 3 * size * size
    const image = new Float32Array(rows * imageLength)
    for (let i = 0; i < rows; i++) {
      const start = (from + i) * imageLength
      normalize(pixels.subarray(start, start + imageLength), preprocessing, image, i * imageLength)
    }
    values.image = new Value('float32', image, [rows, 3, size, size])
  }
  if (embeddings) {
    const embedDim = embeddings.length / ids.length
    values.embedding = new Value('float32', embeddings.slice(from * embedDim, to * embedDim), [rows, embedDim])
  }
  if (labels) values.label = new Value('int32', labels.slice(from, to), [rows])
  return values
}
