// Evaluates retrieval on images with captions (§3.1, table 13): text to image and image to text.

import { Tensor as Value } from 'onnxruntime-common'
import { type Clip, unit } from '../clip/clip.ts'
import { type DataInput, sourceOf } from '../data/given.node.ts'
import type { Sample, Skipped } from '../data/sample.ts'
import { input } from '../graph/tensor.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { embedSamples, noneUsable, type SampleOptions } from './embed-samples.ts'
import { type Recall, ranks, recall } from './retrieval.ts'

/** A caption whose image was not retrieved first. */
export interface RetrievalMiss {
  key: string
  /** A path, or the file's bytes. */
  image: Sample['image']
  caption: string
  /** Number of images ranked before the caption's own. */
  rank: number
  /** The image ranked first. */
  found: { key: string; image: Sample['image'] }
}

/** Retrieval in both directions, measured on images with captions. */
export interface RetrievalResult {
  /** Images that were counted. */
  images: number
  /** Captions that were counted. */
  texts: number
  /** The best of an image's captions counts, as in CLIP_benchmark. */
  imageToText: Recall
  /** An image is found when it is the one that belongs to the caption. */
  textToImage: Recall
  /**
   * As open_clip counts: every caption with its image is a pair, and an image is repeated once per caption. Equal to the
   * above if each image has one caption.
   */
  pairs: { imageToText: Recall; textToImage: Recall }
  /** The captions whose image was ranked lowest. */
  misses: RetrievalMiss[]
  /** Images that could not be used, and why. */
  skipped: Skipped[]
}

/** Options of `evaluateRetrieval`. */
export interface EvaluateRetrievalOptions extends SampleOptions {
  /** Number of misses to return. Default: 24. */
  misses?: number | undefined
}

/** Texts embedded at a time. */
const textsAtATime = 256
/** Similarities in memory at a time. */
const maxSimilarities = 1 << 23

/**
 * Retrieval of images by text and of texts by image, measured on images with captions. Captions too long for the model are
 * cut, as open_clip and CLIP_benchmark do.
 *
 * @throws UsageError when no image with a caption can be used
 *
 * @example
 * ```ts
 * import { load } from 'typeclip'
 * import { evaluateRetrieval } from 'typeclip/evaluate'
 *
 * const { textToImage } = await evaluateRetrieval(await load(), 'pairs.csv')
 * console.log(textToImage.r1, textToImage.r5)
 * ```
 */
export async function evaluateRetrieval(
  clip: Clip,
  data: DataInput,
  { misses: kept = 24, ...options }: EvaluateRetrievalOptions = {},
): Promise<RetrievalResult> {
  const source = await sourceOf(data, { signal: options.signal })
  const skipped: Skipped[] = []
  const samples: Sample[] = []
  const imageRows: Float32Array[] = []
  for await (const { sample, embedding } of embedSamples(clip, source, { ...options, skipped })) {
    if (sample.captions.length === 0) {
      skipped.push({ key: sample.key, reason: 'it has no caption' })
      continue
    }
    samples.push(sample)
    imageRows.push(unit(embedding))
  }
  if (samples.length === 0) throw noneUsable(source, skipped)
  const captions = samples.flatMap((sample, image) => sample.captions.map((text) => ({ text, image })))
  const textRows: Float32Array[] = []
  for (let from = 0; from < captions.length; from += textsAtATime) {
    const texts = captions.slice(from, from + textsAtATime).map(({ text }) => text)
    const { data, shape } = await clip.encodeText(texts, {
      normalize: true,
      onLong: 'truncate',
      ...(options.signal && { signal: options.signal }),
    })
    for (let i = 0; i < texts.length; i++) textRows.push(data.subarray(i * shape[1], (i + 1) * shape[1]))
  }

  const captionsOf = samples.map((): number[] => [])
  for (const [text, { image }] of captions.entries()) captionsOf[image]!.push(text)
  const ranked = {
    imageToText: new Int32Array(samples.length),
    textToImage: new Int32Array(captions.length),
    imageToTextOfPair: new Int32Array(captions.length),
    textToImageOfPair: new Int32Array(captions.length),
  }
  const first = new Int32Array(captions.length)

  for await (const { start, similarities } of similaritiesOf(clip.runtime, imageRows, textRows)) {
    ranked.imageToText.set(
      ranks(similarities, (row) => captionsOf[start + row]!),
      start,
    )
    for (let row = 0; row < similarities.data.length / captions.length; row++) {
      const data = similarities.data.subarray(row * captions.length, (row + 1) * captions.length)
      for (const text of captionsOf[start + row]!) {
        ranked.imageToTextOfPair[text] = ranks({ data, columns: captions.length }, () => [text])[0]!
      }
    }
  }
  for await (const { start, similarities } of similaritiesOf(clip.runtime, textRows, imageRows)) {
    ranked.textToImage.set(
      ranks(similarities, (row) => [captions[start + row]!.image]),
      start,
    )
    for (let row = 0; row < similarities.data.length / samples.length; row++) {
      const scores = similarities.data.subarray(row * samples.length, (row + 1) * samples.length)
      const text = start + row
      first[text] = scores.indexOf(scores.reduce((a, b) => Math.max(a, b)))
      ranked.textToImageOfPair[text] = rankOfPair(scores, captionsOf, text, captions[text]!.image)
    }
  }
  const worst = Array.from(captions.keys())
    .filter((text) => ranked.textToImage[text]! > 0)
    .sort((a, b) => ranked.textToImage[b]! - ranked.textToImage[a]! || a - b)
    .slice(0, kept)
  const imageOf = ({ key, image }: Sample) => ({ key, image })
  return {
    images: samples.length,
    texts: captions.length,
    imageToText: recall(ranked.imageToText),
    textToImage: recall(ranked.textToImage),
    pairs: { imageToText: recall(ranked.imageToTextOfPair), textToImage: recall(ranked.textToImageOfPair) },
    misses: worst.map((text) => ({
      ...imageOf(samples[captions[text]!.image]!),
      caption: captions[text]!.text,
      rank: ranked.textToImage[text]!,
      found: imageOf(samples[first[text]!]!),
    })),
    skipped,
  }
}

/** Rank of a caption's image when each image is repeated once per caption (open_clip's pairwise metric). */
function rankOfPair(scores: Float32Array, captionsOf: readonly number[][], text: number, image: number): number {
  const score = scores[image]!
  let before = captionsOf[image]!.indexOf(text)
  for (const [other, captions] of captionsOf.entries()) {
    if (scores[other]! > score || (scores[other] === score && other < image)) before += captions.length
  }
  return before
}

/** Similarities of queries and candidates in blocks of rows, so that the whole matrix is never in memory. */
async function* similaritiesOf(
  runtime: Runtime,
  queries: readonly Float32Array[],
  candidates: readonly Float32Array[],
) {
  const width = queries[0]!.length
  const columns = candidates.length
  const rows = Math.max(1, Math.floor(maxSimilarities / columns))
  const q = input('queries', 'float32', ['rows', width])
  const c = input('candidates', 'float32', [columns, width])
  const program = await runtime.compile({ similarities: q.matmulTransposed(c) })
  const all = new Value('float32', joined(candidates, width), [columns, width])
  try {
    for (let start = 0; start < queries.length; start += rows) {
      const block = queries.slice(start, start + rows)
      const { similarities } = await program.run({
        queries: new Value('float32', joined(block, width), [block.length, width]),
        candidates: all,
      })
      yield { start, similarities: { data: similarities!.data as Float32Array, columns } }
    }
  } finally {
    await program.dispose()
  }
}

function joined(rows: readonly Float32Array[], width: number): Float32Array {
  const data = new Float32Array(rows.length * width)
  for (const [i, row] of rows.entries()) data.set(row, i * width)
  return data
}
