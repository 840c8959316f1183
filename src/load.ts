// A CLIP, loaded: two encoders and a scale. Start reading here; `load.node.ts` finds the files.

import { Tensor as Value } from 'onnxruntime-common'
import { InputError, UsageError } from './errors.ts'
import { input } from './graph/tensor.ts'
import type { RawImage } from './image/pixels.ts'
import { normalize, type Preprocessing } from './image/transform.ts'
import { type Score, type TextScores, textScores } from './likelihood.ts'
import { type ClipConfig, encodeImage, type TextTowerConfig } from './model/clip.ts'
import type { Parameters } from './model/parameters.ts'
import { type ObjectiveName, objectives } from './objectives/index.ts'
import type { Program, Runtime } from './runtime/runtime.ts'
import { type LongText, type TextBatch, textBatches } from './text-batches.ts'
import type { Tokenizer } from './tokenizer/tokenize.ts'

/** A path or `http(s)` address, bytes of an image file, or pixels. */
export type ImageInput = string | URL | Uint8Array | ArrayBuffer | Blob | RawImage

/** One, several, or a stream of them. */
export type Many<T> = T | Iterable<T> | AsyncIterable<T>

/** A matrix, row-major. */
export interface Embeddings {
  data: Float32Array
  shape: [rows: number, embedDim: number]
}

/** Options of `encodeImage` and `streamImages`. */
export interface EncodeOptions {
  /** Divides each embedding by its length. Off by default, as in the reference. */
  normalize?: boolean
  /** Stops the work; the call rejects with its reason. */
  signal?: AbortSignal
}

/** Options of `encodeText`. */
export interface EncodeTextOptions extends EncodeOptions {
  /** A text of more tokens than the context holds is an error, or cut, or embedded in pieces and averaged. */
  onLong?: LongText
}

/** One image of a stream: its embedding, or why there is none. */
export type ImageResult = { index: number; embedding: Float32Array } | { index: number; error: InputError }

/** A loaded CLIP: an image encoder, a text encoder and the scale of their similarities. Made by `load`. */
export interface Clip {
  /** As it was asked for. */
  readonly name: string
  readonly config: ClipConfig
  readonly preprocessing: Preprocessing
  readonly tokenizer: Tokenizer
  /** What cosines are multiplied with before the softmax: `exp` of the parameter `logit_scale`. */
  readonly logitScale: number
  /** What is added to the logits after that: 0, but for a model of SigLIP's objective. */
  readonly logitBias: number
  /** What it was trained by. */
  readonly objective: ObjectiveName
  /** What a user should know: what was guessed, what this model cannot do. */
  readonly notices: readonly string[]
  /** Parameters by canonical name, for building other graphs over the same weights. */
  readonly parameters: Parameters
  readonly runtime: Runtime

  /** `[n, embedDim]`, in the order given. @throws InputError at the first image that cannot be read */
  encodeImage(images: Many<ImageInput>, options?: EncodeOptions): Promise<Embeddings>
  /** The same as a stream, in the order given, where an image that cannot be read is a result like any other. */
  streamImages(images: Many<ImageInput>, options?: EncodeOptions): AsyncGenerator<ImageResult>
  /** `[n, embedDim]`, in the order given. @throws InputError for a text that is too long, with its token count */
  encodeText(texts: Many<string>, options?: EncodeTextOptions): Promise<Embeddings>
  /**
   * Of a model that tells how probable texts are for a picture and has no joint embedding (`encodeImage` and `encodeText`
   * refuse): its own way of comparing the two. Undefined of all others.
   */
  readonly likelihood?: ClipLikelihood | undefined
  /** What the image encoder is fed: `[3, n, n]` bytes, before normalising. */
  preprocess(image: ImageInput, options?: { signal?: AbortSignal }): Promise<Uint8Array>
  /** Gives back memory, threads and workers; the model cannot be used afterwards. */
  dispose(): Promise<void>
}

/**
 * How a model without joint embeddings compares images and texts: by the probability of the text given the image. Such
 * models come from the objectives `lm` and `bow`.
 */
export interface ClipLikelihood {
  /** What a class's name is put into, where no template is given. */
  readonly template: string
  /** What is read of each picture, in the order given, in place of an embedding. */
  streamConditions(images: Many<ImageInput>, options?: { signal?: AbortSignal }): AsyncGenerator<ImageResult>
  /**
   * Of a picture's condition, the mean logarithm of the probabilities that the tokens of each text have.
   *
   * @throws InputError for a text that is too long, UsageError for one without words
   */
  scoresOf(texts: readonly string[], options?: { onLong?: LongText }): Score
}

/** Pictures prepared as a model takes them. */
export interface Preprocessor {
  /** `[3, size, size]` bytes, before normalising (`normalize`). @throws InputError for what is not a readable picture */
  preprocess(image: ImageInput, options?: { signal?: AbortSignal }): Promise<Uint8Array>
  /** Ends the threads. */
  close(): Promise<void>
}

/** What `createClip` puts together. */
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
}

/** Images in one run of the encoder: more of them run no faster, and take more memory. */
const imageBatch = 16

export function createClip({ images, ...parts }: Parts): Clip {
  const { config, parameters, runtime, preprocessing, tokenizer } = parts
  const { encodeText, likelihood } = objectives[parts.objective]
  const readImage = likelihood?.condition ?? encodeImage
  const imageProgram = once(() =>
    runtime.compile({ embedding: readImage(parameters, input('image', 'float32', imageShape('batch')), config) }),
  )
  let scores: TextScores | undefined
  const textProgram = once(() => {
    const ids = input('ids', 'int32', ['batch', 'length'])
    const end = input('end', 'int64', ['batch', 1])
    const positions = input('positions', 'int32', ['length'])
    return runtime.compile({ embedding: encodeText!(parameters, { ids, end, positions }, config) })
  })
  let disposed = false

  function imageShape<B>(batch: B): (B | number)[] {
    return [batch, 3, preprocessing.size, preprocessing.size]
  }

  function check(tower: 'image' | 'text', signal?: AbortSignal): void {
    signal?.throwIfAborted()
    if (disposed) throw new UsageError(`${parts.name}: this model was disposed of`)
    if (!config[tower]) throw new UsageError(`${parts.name} has no ${tower} tower, or was loaded without it`)
  }

  function checkJoint(): void {
    if (!likelihood) return
    throw new UsageError(
      `${parts.name} was trained to predict captions (--objective ${parts.objective}) and has no joint embedding of images and texts; it can classify (typeclip classify, typeclip evaluate zero-shot), and nothing else`,
    )
  }

  async function* streamImages(many: Many<ImageInput>, options: EncodeOptions = {}): AsyncGenerator<ImageResult> {
    checkJoint()
    yield* streamRows(many, options)
  }

  /** What the image encoder gives for each picture. */
  async function* streamRows(many: Many<ImageInput>, options: EncodeOptions): AsyncGenerator<ImageResult> {
    const { signal } = options
    check('image', signal)
    const source = iterate(many)
    const ahead: Promise<Uint8Array | InputError>[] = []
    let index = 0
    let more = true
    for (;;) {
      // The pictures of this batch and of the next one are decoded while the encoder runs.
      while (more && ahead.length < 2 * imageBatch) {
        const { value, done } = await source.next()
        if (done) {
          more = false
        } else {
          const pixels = images.preprocess(value, options).catch(inputError)
          // A stream that ends early awaits none of these, and closing the pool refuses them.
          pixels.catch(() => {})
          ahead.push(pixels)
        }
      }
      if (ahead.length === 0) return
      const program = imageProgram()
      program.catch(() => {})
      const results = await Promise.all(ahead.splice(0, imageBatch))
      check('image', signal)
      const pixels = results.filter((result) => result instanceof Uint8Array)
      const rows = pixels.length ? await embedPixels(await program, pixels, options) : []
      for (const result of results) {
        if (result instanceof Uint8Array) yield { index: index++, embedding: rows.shift()! }
        else yield { index: index++, error: result }
      }
    }
  }

  async function embedPixels(program: Program, pixels: Uint8Array[], options: EncodeOptions): Promise<Float32Array[]> {
    const area = 3 * preprocessing.size ** 2
    const batch = new Float32Array(pixels.length * area)
    for (const [i, image] of pixels.entries()) normalize(image, preprocessing, batch, i * area)
    const { embedding } = await program.run({ image: new Value('float32', batch, imageShape(pixels.length)) })
    return rowsOf(embedding!, options)
  }

  async function embedTexts(batch: TextBatch): Promise<Float32Array[]> {
    const [rows, length] = batch.shape
    const program = await textProgram()
    const { embedding } = await program.run({
      ids: new Value('int32', batch.ids, [rows, length]),
      end: new Value('int64', batch.ends, [rows, 1]),
      positions: new Value(
        'int32',
        Int32Array.from({ length }, (_, i) => i),
        [length],
      ),
    })
    return rowsOf(embedding!, {})
  }

  return {
    ...parts,
    streamImages,
    async encodeImage(many, options) {
      const rows: Float32Array[] = []
      for await (const result of streamImages(many, options)) {
        if ('error' in result) throw result.error
        rows.push(result.embedding)
      }
      return matrix(rows, config.embedDim)
    },
    likelihood: likelihood && {
      template: likelihood.template,
      streamConditions: (many, options = {}) => streamRows(many, { ...options, normalize: false }),
      scoresOf(texts, { onLong } = {}) {
        check('text')
        scores ??= textScores(likelihood, parts)
        return scores.of(texts, onLong)
      },
    },
    async encodeText(many, { normalize = false, onLong = 'error', signal } = {}) {
      checkJoint()
      check('text', signal)
      const texts: string[] = []
      for await (const text of iterate(many)) texts.push(text)
      const { batches, pieces } = textBatches(tokenizer, texts, config.text as TextTowerConfig, onLong)
      const embedded: Float32Array[] = []
      for (const batch of batches) {
        check('text', signal)
        for (const [i, row] of (await embedTexts(batch)).entries()) embedded[batch.pieces[i]!] = row
      }
      const rows = pieces.map((of) => mean(of.map((piece) => embedded[piece]!)))
      return matrix(normalize ? rows.map(unit) : rows, config.embedDim)
    },
    preprocess: images.preprocess,
    async dispose() {
      disposed = true
      await images.close()
      for (const program of [imageProgram, textProgram]) await program.made?.then((p) => p.dispose())
      await scores?.dispose()
    },
  }
}

/** Runs at the first call, and gives the same promise at every later one. */
function once<T>(make: () => Promise<T>): { (): Promise<T>; made?: Promise<T> } {
  const get = (): Promise<T> => {
    get.made ??= make()
    return get.made
  }
  get.made = undefined as Promise<T> | undefined
  return get as { (): Promise<T>; made?: Promise<T> }
}

async function* iterate<T>(many: Many<T>): AsyncGenerator<T, undefined> {
  const value = many as unknown
  const stream = typeof value === 'object' && value !== null && Symbol.asyncIterator in value
  const list = typeof value === 'object' && value !== null && Symbol.iterator in value && !ArrayBuffer.isView(value)
  if (stream || list) yield* value as AsyncIterable<T>
  else yield many as T
  return undefined
}

function inputError(error: unknown): InputError {
  if (error instanceof InputError) return error
  throw error
}

function rowsOf(value: Value, { normalize = false }: EncodeOptions): Float32Array[] {
  const [rows] = value.dims as [number]
  const data = value.data as Float32Array
  const width = data.length / rows
  return Array.from({ length: rows }, (_, i) => {
    const row = data.subarray(i * width, (i + 1) * width)
    return normalize ? unit(row) : row
  })
}

function matrix(rows: Float32Array[], width: number): Embeddings {
  const data = new Float32Array(rows.length * width)
  for (const [i, row] of rows.entries()) data.set(row, i * width)
  return { data, shape: [rows.length, width] }
}

function mean(rows: Float32Array[]): Float32Array {
  if (rows.length === 1) return rows[0]!
  return Float32Array.from(rows[0]!, (_, i) => rows.reduce((sum, row) => sum + row[i]!, 0) / rows.length)
}

/** A vector divided by its length. */
export function unit(row: Float32Array): Float32Array {
  const length = Math.sqrt(row.reduce((sum, x) => sum + x * x, 0))
  return row.map((x) => x / length)
}
