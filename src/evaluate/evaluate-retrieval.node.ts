// Evaluates retrieval on images with captions (§3.1, table 13): text to image and image to text.

import { Tensor as Value } from 'onnxruntime-common'
import type { Clip } from '../clip/clip.ts'
import { unit } from '../clip/embeddings.ts'
import { type Matrix, matrixOf, rowRange, rowsOf, stackRows } from '../clip/matrix.ts'
import { type DataInput, sourceOf } from '../data/given.node.ts'
import type { Sample, Skipped } from '../data/sample.ts'
import { input } from '../graph/tensor.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { largest, ranksBefore } from './classification.ts'
import { type SampleOptions, streamSamples } from './embed-samples.ts'
import { noneUsable } from './labelled-data.ts'
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
 * @throws UsageError if no image with a caption can be used
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
  for await (const { sample, embedding } of streamSamples(clip.streamImages, source, { ...options, skipped })) {
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
    const { signal } = options
    textRows.push(...rowsOf(await clip.encodeText(texts, { normalize: true, onLong: 'truncate', signal })))
  }
  const images = stackRows(imageRows, clip.config.embedDim)
  const texts = stackRows(textRows, clip.config.embedDim)

  const captionsOf = samples.map((): number[] => [])
  for (const [text, { image }] of captions.entries()) captionsOf[image]!.push(text)
  const ranked = {
    imageToText: new Int32Array(samples.length),
    textToImage: new Int32Array(captions.length),
    imageToTextOfPair: new Int32Array(captions.length),
    textToImageOfPair: new Int32Array(captions.length),
  }
  const first = new Int32Array(captions.length)

  for await (const { start, similarities } of similaritiesOf(clip.runtime, images, texts)) {
    const ranksOfRows = ranks(similarities, (row) => captionsOf[start + row]!)
    ranked.imageToText.set(ranksOfRows, start)
    for (const [row, scores] of rowsOf(similarities).entries()) {
      for (const text of captionsOf[start + row]!) ranked.imageToTextOfPair[text] = ranksBefore(scores, text)
    }
  }
  for await (const { start, similarities } of similaritiesOf(clip.runtime, texts, images)) {
    const ranksOfRows = ranks(similarities, (row) => [captions[start + row]!.image])
    ranked.textToImage.set(ranksOfRows, start)
    for (const [row, scores] of rowsOf(similarities).entries()) {
      const text = start + row
      first[text] = largest(scores)
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
async function* similaritiesOf(runtime: Runtime, queries: Matrix, candidates: Matrix) {
  const [count, width] = queries.shape
  const rows = Math.max(1, Math.floor(maxSimilarities / candidates.shape[0]))
  const q = input('queries', 'float32', ['rows', width])
  const c = input('candidates', 'float32', candidates.shape)
  const program = await runtime.compile({ similarities: q.matmulTransposed(c) })
  const all = new Value('float32', candidates.data, candidates.shape)
  try {
    for (let start = 0; start < count; start += rows) {
      const { data, shape } = rowRange(queries, start, start + rows)
      const { similarities } = await program.run({ queries: new Value('float32', data, shape), candidates: all })
      yield { start, similarities: matrixOf(similarities!) }
    }
  } finally {
    await program.dispose()
  }
}
