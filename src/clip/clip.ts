// A loaded CLIP. Start reading here: it is Figure 3 of the paper up to the loss.
//
//     const clip = await load('ViT-B/32')                                  load.node.ts
//     const imageUnit = await clip.encodeImage(I, { normalize: true })     [n, embedDim]
//     const textUnit = await clip.encodeText(T, { normalize: true })       [m, embedDim]
//     const cosines = imageUnit · textUnitᵀ                                similarity.ts
//     const logits = cosines * clip.logitScale                             logitScale = exp(t)
//
// The figure's projections W_i and W_t are the last step of each encoder. The encoders as graphs are in `src/model`, and
// `create-clip.ts` runs them.

import type { InputError } from '../errors.ts'
import type { RawImage } from '../image/pixels.ts'
import type { Preprocessing } from '../image/transform.ts'
import type { ClipConfig } from '../model/config.ts'
import type { Parameters } from '../model/parameters.ts'
import type { ObjectiveName } from '../objectives/index.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Tokenizer } from '../tokenizer/tokenize.ts'
import type { Score } from './caption-likelihood.ts'
import type { Many } from './many.ts'
import type { Matrix } from './matrix.ts'
import type { UseNotice } from './notices.ts'
import type { LongText } from './text-batches.ts'

export type { Many } from './many.ts'
export type { Matrix } from './matrix.ts'
export type { UseNotice } from './notices.ts'

/** A loaded CLIP: an image encoder, a text encoder and the scale of their similarities. Made by `load`. */
export interface Clip {
  /** As `load` was given it. */
  readonly name: string
  readonly config: ClipConfig
  readonly preprocessing: Preprocessing
  readonly tokenizer: Tokenizer
  /** Cosines are multiplied by it before the softmax: `exp` of the parameter `logit_scale`. */
  readonly logitScale: number
  /** Added to the logits after that: 0, except for a model of SigLIP's objective. */
  readonly logitBias: number
  /** The objective that it was trained with. */
  readonly objective: ObjectiveName
  /** Notices for the user: values that were guessed, functions that this model lacks. */
  readonly notices: readonly string[]
  /** Parameters by canonical name, for building other graphs over the same weights. */
  readonly parameters: Parameters
  readonly runtime: Runtime

  /**
   * `[n, embedDim]`, in the order given.
   *
   * @throws InputError for the first image that cannot be read, with its `index`; CheckpointError if the model gives NaN
   *   or infinity
   */
  encodeImage(images: Many<ImageInput>, options?: EncodeOptions): Promise<Embeddings>
  /** The same as a stream, in the order given. An image that cannot be read yields an error and does not end the stream. */
  streamImages(images: Many<ImageInput>, options?: EncodeOptions): AsyncGenerator<ImageResult>
  /**
   * `[n, embedDim]`, in the order given.
   *
   * @throws InputError for a text that is too long or not a string, with its `index`; CheckpointError if the model gives
   *   NaN or infinity
   */
  encodeText(texts: Many<string>, options?: EncodeTextOptions): Promise<Embeddings>
  /**
   * For a model without a joint embedding, which predicts the probability of a text given an image; its `encodeImage` and
   * `encodeText` throw. Undefined for all other models.
   */
  readonly likelihood?: ClipLikelihood | undefined
  /** The image encoder's input: `[3, n, n]` bytes, before normalising. */
  preprocess(image: ImageInput, options?: { signal?: AbortSignal | undefined }): Promise<Uint8Array>
  /**
   * Releases memory, threads and workers when the running calls have ended. The model cannot be used afterwards; a second
   * call does nothing.
   */
  dispose(): Promise<void>
  /** `dispose`, for `await using clip = await load(…)`. */
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * How a model without joint embeddings compares images and texts: by the probability of the text given the image. Such
 * models come from the objectives `lm` and `bow`.
 */
export interface ClipLikelihood {
  /** The default prompt template for a label, if it is not `a photo of a {}.` */
  readonly template?: string | undefined
  /** The encoded images, in the order given; they take the place of embeddings. */
  streamConditions(
    images: Many<ImageInput>,
    options?: { signal?: AbortSignal | undefined },
  ): AsyncGenerator<ImageResult>
  /**
   * A function from an image's condition to the mean log-probability of the tokens of each text.
   *
   * @throws InputError for a text that is too long or empty
   */
  scoresOf(texts: readonly string[], options?: { onLong?: LongText | undefined }): Score
}

/** Prepares images as a model takes them. */
export interface Preprocessor {
  /** `[3, size, size]` bytes, before normalising (`normalize`). @throws InputError for an image that cannot be read */
  preprocess(image: ImageInput, options?: { signal?: AbortSignal | undefined }): Promise<Uint8Array>
  /** Ends the threads. */
  close(): Promise<void>
}

/** A path or an address (`http`, `https`, `data`, `file`), bytes of an image file, or pixels. */
export type ImageInput = string | URL | Uint8Array | ArrayBuffer | Blob | RawImage

/** Options of `encodeImage` and `streamImages`. */
export interface EncodeOptions {
  /** Divides each embedding by its length. Off by default, as in the reference. */
  normalize?: boolean | undefined
  /** Stops the work; the call rejects with its reason. */
  signal?: AbortSignal | undefined
}

/** Options of `encodeText`. */
export interface EncodeTextOptions extends EncodeOptions {
  /**
   * A text of more tokens than the context holds: `'error'` refuses it, `'truncate'` cuts it, `'chunk'` embeds it in
   * pieces and averages them. Default: `'error'`.
   */
  onLong?: LongText | undefined
}

/** `[n, embedDim]`: a row for each input. */
export type Embeddings = Matrix

/** One image of a stream: its embedding, or why there is none. */
export type ImageResult = { index: number; embedding: Float32Array } | ImageError

/** An image that cannot be read, by its place in the stream. */
export interface ImageError {
  index: number
  error: InputError
}

/** The input of `createClip`. */
export interface Parts
  extends Pick<
    Clip,
    | 'name'
    | 'config'
    | 'preprocessing'
    | 'tokenizer'
    | 'logitScale'
    | 'logitBias'
    | 'objective'
    | 'notices'
    | 'parameters'
    | 'runtime'
  > {
  /** Decodes, resizes and crops off the main thread. */
  images: Preprocessor
  onNotice?: ((notice: UseNotice) => void) | undefined
  /** For messages: a parameter of this encoder that holds NaN or infinity, if there is one. */
  brokenParameter?: ((tower: 'image' | 'text') => Promise<string | undefined>) | undefined
}

declare global {
  // As @types/node has it: for programs that are compiled without that and without the library esnext.disposable.
  interface SymbolConstructor {
    readonly asyncDispose: unique symbol
  }
}
