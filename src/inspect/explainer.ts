// Relevance for pictures and texts: what of the one and of the other made the two similar.

import { UsageError } from '../errors.ts'
import { type Clip, type ImageInput, unit } from '../load.ts'
import { imageTower } from '../model/towers.ts'
import { placesOf, readPixels } from './image-pass.ts'
import { type RelevanceOptions, type RelevanceProgram, relevanceProgram } from './relevance.ts'
import { readText, type Token } from './text-pass.ts'

/** How much each place of an image contributes to its similarity with a text. */
export interface ImageRelevance {
  /** What the tower saw: `[3, size, size]`, before normalising. */
  pixels: Uint8Array
  /** Side of the square, in pixels. */
  size: number
  /** Rows and columns of `map`. */
  grid: [rows: number, columns: number]
  /** Of every place, row by row, from 0 on: `[rows · columns]`. */
  map: Float32Array
}

/** How much each token and each word of a text contributes to its similarity with an image. */
export interface TextRelevance {
  /** Between start and end. */
  tokens: Token[]
  /** Of every token, from 0 on. */
  values: Float32Array
  /** The same with the tokens of a word as one: their sum. */
  words: { text: string; value: number }[]
}

/** Why an image and a text are similar: relevance on both sides. */
export interface Relevance {
  text: string
  /** `I_e · T_e` of the normalised embeddings; relevance says where it comes from, and not whether it is high. */
  cosine: number
  image: ImageRelevance
  /** Left out for a text encoder without attention (`bow-contrastive`). */
  words?: TextRelevance
}

/** Computes relevance for one model; its graphs are compiled once and reused. */
export interface Explainer {
  /**
   * @param pixels as `clip.preprocess` gives them
   * @param target a text's embedding, or a class's weights, of any length: `[embedDim]`
   */
  image(pixels: Uint8Array, target: Float32Array): Promise<ImageRelevance>
  /**
   * @param target a picture's embedding, of any length: `[embedDim]`
   * @throws InputError for a text that is too long, UsageError where the text encoder has no attention
   */
  text(text: string, target: Float32Array): Promise<TextRelevance>
  dispose(): Promise<void>
}

/** The graphs of both towers' relevance, each compiled when it is first asked for. Give it back with `dispose`. */
export function createExplainer(clip: Clip, { startLayer = -1 }: RelevanceOptions = {}): Explainer {
  const { config, tokenizer, name } = clip
  if (clip.likelihood) {
    throw new UsageError(
      `${name} tells how probable texts are for a picture, and has no similarity of embeddings to explain`,
    )
  }
  const tower = config.image && imageTower(config.image)
  const { image = -1, text = -1 } =
    typeof startLayer === 'number' ? { image: tower?.attentionPool ? -1 : startLayer, text: startLayer } : startLayer
  const programs: Partial<Record<'image' | 'text', Promise<RelevanceProgram>>> = {}

  return {
    async image(pixels, target) {
      programs.image ??= relevanceProgram(clip, 'image', image)
      const program = await programs.image
      const { grid } = placesOf(clip)
      const places = grid[0] * grid[1]
      const read = new Float32Array(1 + places)
      if (tower?.averages) read.fill(1 / places, 1)
      else read[0] = 1
      const relevance = await program.run(readPixels(clip, pixels), read, target)
      return { pixels, size: clip.preprocessing.size, grid, map: relevance.slice(1) }
    },
    async text(words, target) {
      if (config.text && !hasAttention(clip)) {
        throw new UsageError(`${name}: its text encoder is a bag of words, which has no attention to follow`)
      }
      programs.text ??= relevanceProgram(clip, 'text', text)
      const program = await programs.text
      const { tokens, readAt, feeds } = readText(clip, config.text!, words)
      const read = new Float32Array(tokens.length)
      read[readAt] = 1
      const values = (await program.run(feeds, read, target)).slice(1, readAt)
      const between = tokens.slice(1, readAt)
      return { tokens: between, values, words: wordsOf(between, values, tokenizer) }
    },
    async dispose() {
      for (const program of Object.values(programs)) await (await program.catch(() => undefined))?.dispose()
    },
  }
}

/**
 * Why an image matches each of some texts: relevance of every place of the image and of every word (Chefer, Gur and Wolf
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
  const { data: picture } = await clip.encodeImage(image, abort)
  const { data, shape } = await clip.encodeText(texts, abort)
  const embedded = texts.map((text, i) => ({ text, embedding: data.subarray(i * shape[1], (i + 1) * shape[1]) }))
  return explain(clip, { pixels, embedding: picture }, embedded, options)
}

/** The same for a picture and texts that are embedded already. */
export async function explain(
  clip: Clip,
  picture: { pixels: Uint8Array; embedding: Float32Array },
  texts: readonly { text: string; embedding: Float32Array }[],
  options: RelevanceOptions = {},
): Promise<Relevance[]> {
  const explainer = createExplainer(clip, options)
  const direction = unit(picture.embedding)
  try {
    const found: Relevance[] = []
    for (const { text, embedding } of texts) {
      options.signal?.throwIfAborted()
      const cosine = unit(embedding).reduce((sum, x, i) => sum + x * direction[i]!, 0)
      const image = await explainer.image(picture.pixels, embedding)
      const words = hasAttention(clip) ? { words: await explainer.text(text, direction) } : {}
      found.push({ text, cosine, image, ...words })
    }
    return found
  } finally {
    await explainer.dispose()
  }
}

const hasAttention = ({ parameters }: Clip): boolean => parameters.has('transformer.resblocks.0.attn.in_proj_weight')

/** The tokens of each word together; a token that ends none, as the last of a text that was cut, is the word's rest. */
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
