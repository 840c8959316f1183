// Relevance for images and texts: which image positions and which tokens make the two similar.

import type { Clip, ImageInput } from '../clip/clip.ts'
import { unit } from '../clip/embeddings.ts'
import { UsageError } from '../errors.ts'
import { imageTower } from '../model/towers.ts'
import { placesOf, readPixels } from './image-pass.ts'
import { type RelevanceOptions, type RelevanceProgram, relevanceProgram } from './relevance.ts'
import { readText, type Token } from './text-pass.ts'

/** How much each position of an image contributes to its similarity with a text. */
export interface ImageRelevance {
  /** The encoder's input: `[3, size, size]`, before normalising. */
  pixels: Uint8Array
  /** Side of the square, in pixels. */
  size: number
  /** Rows and columns of `map`. */
  grid: [rows: number, columns: number]
  /** The relevance of each grid position, ≥ 0, row-major: `[rows · columns]`. */
  map: Float32Array
}

/** How much each token and each word of a text contributes to its similarity with an image. */
export interface TextRelevance {
  /** Without start and end. */
  tokens: Token[]
  /** The relevance of each token, ≥ 0. */
  values: Float32Array
  /** The relevance of each word: the sum over its tokens. */
  words: { text: string; value: number }[]
}

/** Why an image and a text are similar: relevance on both sides. */
export interface Relevance {
  text: string
  /** `I_e · T_e`, of normalised embeddings. Relevance shows where it comes from, not whether it is high. */
  cosine: number
  image: ImageRelevance
  /** Undefined for a text encoder without attention (`bow-contrastive`). */
  words?: TextRelevance | undefined
}

/** Computes relevance for one model; its graphs are compiled once and reused. */
export interface Explainer {
  /**
   * @param pixels from `clip.preprocess`
   * @param target a text's embedding or a class's weights, `[embedDim]`, need not be normalised
   */
  image(pixels: Uint8Array, target: Float32Array): Promise<ImageRelevance>
  /**
   * @param target an image's embedding, `[embedDim]`, need not be normalised
   * @throws InputError for a text that is too long, UsageError if the text encoder has no attention
   */
  text(text: string, target: Float32Array): Promise<TextRelevance>
  dispose(): Promise<void>
  /** `dispose`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}

/** The relevance graphs of both encoders, each compiled on first use. Call `dispose` when done. */
export function createExplainer(clip: Clip, { startLayer = -1 }: RelevanceOptions = {}): Explainer {
  const { config, tokenizer, name } = clip
  if (clip.likelihood) {
    throw new UsageError(`${name} predicts captions and has no joint embedding, so there is no similarity to explain`)
  }
  const tower = config.image && imageTower(config.image)
  const { image = -1, text = -1 } =
    typeof startLayer === 'number' ? { image: tower?.attentionPool ? -1 : startLayer, text: startLayer } : startLayer
  const programs: Partial<Record<'image' | 'text', Promise<RelevanceProgram>>> = {}

  const explainer: Explainer = {
    async image(pixels, target) {
      programs.image ??= relevanceProgram(clip, 'image', image)
      const program = await programs.image
      const { grid } = placesOf(clip)
      const positions = grid[0] * grid[1]
      const read = new Float32Array(1 + positions)
      if (tower?.averages) read.fill(1 / positions, 1)
      else read[0] = 1
      const relevance = await program.run(readPixels(clip, pixels), read, target)
      return { pixels, size: clip.preprocessing.size, grid, map: relevance.slice(1) }
    },
    async text(words, target) {
      if (config.text && !hasAttention(clip)) {
        throw new UsageError(`${name}: its text encoder is a bag of words, without attention`)
      }
      programs.text ??= relevanceProgram(clip, 'text', text)
      const program = await programs.text
      const { tokens, readAt, feeds } = readText(clip, config.text!, words)
      const read = new Float32Array(tokens.length)
      read[readAt] = 1
      const values = (await program.run(feeds, read, target)).slice(1, readAt)
      const inner = tokens.slice(1, readAt)
      return { tokens: inner, values, words: wordsOf(inner, values, tokenizer) }
    },
    async dispose() {
      for (const program of Object.values(programs)) await (await program.catch(() => undefined))?.dispose()
    },
    [Symbol.asyncDispose]: () => explainer.dispose(),
  }
  return explainer
}

/**
 * Why an image matches each of several texts: the relevance of every image position and every word (Chefer, Gur and Wolf
 * 2021).
 *
 * @throws InputError for an image that cannot be read or a text that is too long, UsageError for a model without joint
 *   embeddings, without one of the encoders, or without the block of `startLayer`
 *
 * @example
 * ```ts
 * import { load } from 'typeclip'
 * import { relevance } from 'typeclip/inspect'
 *
 * const [match] = await relevance(await load('ViT-B/32'), 'cat.jpg', ['a photo of a cat'])
 * const [rows, columns] = match!.image.grid // [7, 7]
 * console.log(match!.cosine, match!.image.map, match!.words?.words)
 * ```
 */
export async function relevance(
  clip: Clip,
  image: ImageInput,
  texts: readonly string[],
  options: RelevanceOptions = {},
): Promise<Relevance[]> {
  const abort = options.signal ? { signal: options.signal } : {}
  const pixels = await clip.preprocess(image, abort)
  const { data: embedding } = await clip.encodeImage(image, abort)
  const { data, shape } = await clip.encodeText(texts, abort)
  const embedded = texts.map((text, i) => ({ text, embedding: data.subarray(i * shape[1], (i + 1) * shape[1]) }))
  return explain(clip, { pixels, embedding }, embedded, options)
}

/** `relevance` for an image and texts that are already embedded. */
export async function explain(
  clip: Clip,
  image: { pixels: Uint8Array; embedding: Float32Array },
  texts: readonly { text: string; embedding: Float32Array }[],
  options: RelevanceOptions = {},
): Promise<Relevance[]> {
  const explainer = createExplainer(clip, options)
  const direction = unit(image.embedding)
  try {
    const results: Relevance[] = []
    for (const { text, embedding } of texts) {
      options.signal?.throwIfAborted()
      const cosine = unit(embedding).reduce((sum, x, i) => sum + x * direction[i]!, 0)
      const relevantPositions = await explainer.image(image.pixels, embedding)
      const words = hasAttention(clip) ? await explainer.text(text, direction) : undefined
      results.push({ text, cosine, image: relevantPositions, words })
    }
    return results
  } finally {
    await explainer.dispose()
  }
}

const hasAttention = ({ parameters }: Clip): boolean => parameters.has('transformer.resblocks.0.attn.in_proj_weight')

/** Groups tokens into words. The last tokens of a text that was cut form a word even without a word end. */
function wordsOf(
  tokens: readonly Token[],
  values: Float32Array,
  { decode }: Clip['tokenizer'],
): TextRelevance['words'] {
  const words: TextRelevance['words'] = []
  let ids: number[] = []
  let value = 0
  for (const [i, { id, piece }] of tokens.entries()) {
    ids.push(id)
    value += values[i]!
    if (!piece.endsWith('</w>') && i < tokens.length - 1) continue
    words.push({ text: decode(ids).trim(), value })
    ids = []
    value = 0
  }
  return words
}
