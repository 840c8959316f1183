// A CLIP, loaded: an image encoder, a text encoder and a scale. Start reading here; `load.node.ts` finds the files.
//
// It is Figure 3 of the paper up to the loss. Both encoders give one vector (embedding) for each input, of the same
// length; divided by their lengths, their dot products are cosines, and these times the scale are the logits:
//
//     I_f = image_encoder(I)                  # encodeImage: [n, embedDim]
//     T_f = text_encoder(T)                   # encodeText:  [n, embedDim]
//     I_e = l2_normalize(I_f)                 # with `normalize`
//     T_e = l2_normalize(T_f)
//     logits = dot(I_e, T_e.T) * exp(t)       # `similarity`; exp(t) is `logitScale`
//
// The figure's projections W_i and W_t are the last step of each encoder.

import { Tensor as Value } from 'onnxruntime-common'
import { CheckpointError, excerpt, InputError, UsageError } from '../errors.ts'
import { input } from '../graph/tensor.ts'
import type { RawImage } from '../image/pixels.ts'
import { normalize, type Preprocessing } from '../image/transform.ts'
import { type ClipConfig, encodeImage, type TextTowerConfig } from '../model/clip.ts'
import type { Parameters } from '../model/parameters.ts'
import { type ObjectiveName, objectives } from '../objectives/index.ts'
import type { Program, Runtime } from '../runtime/runtime.ts'
import type { Tokenizer } from '../tokenizer/tokenize.ts'
import { type Score, type TextScores, textScores } from './caption-likelihood.ts'
import { brokenNumber, mean, unit } from './embeddings.ts'
import { inputName } from './input-name.ts'
import { iterate, type Many } from './many.ts'
import { type Matrix, matrixOf, rowsOf, stackRows } from './matrix.ts'
import { anything, checkOptions, oneOf, trueOrFalse } from './options.ts'
import { isClipVocabulary, isSpelled } from './spelled-text.ts'
import { checkTexts, type LongText, longTextChoices, type TextBatch, textBatches } from './text-batches.ts'

export { unit } from './embeddings.ts'
export type { Many } from './many.ts'
export type { Matrix } from './matrix.ts'

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

/** What comes up while a model is used and is no error. `message` is for the user. */
export type UseNotice =
  /**
   * For each image whose EXIF orientation was not applied. `image` is its path or address, where it has one; `id` is the
   * same where the image is the same.
   */
  | { kind: 'orientation'; message: string; image?: string; id: string; orientation: number }
  /** Once for a model: the first text in a script that its tokenizer spells in bytes or single letters. */
  | { kind: 'script'; message: string; text: string }

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
  /** What a user should know: what was guessed, what this model cannot do. */
  readonly notices: readonly string[]
  /** Parameters by canonical name, for building other graphs over the same weights. */
  readonly parameters: Parameters
  readonly runtime: Runtime

  /**
   * `[n, embedDim]`, in the order given.
   *
   * @throws InputError for the first image that cannot be read, with its `index`; CheckpointError where the model gives no
   *   numbers
   */
  encodeImage(images: Many<ImageInput>, options?: EncodeOptions): Promise<Embeddings>
  /** The same as a stream, in the order given. For an image that cannot be read the result is an error, and the stream goes on. */
  streamImages(images: Many<ImageInput>, options?: EncodeOptions): AsyncGenerator<ImageResult>
  /**
   * `[n, embedDim]`, in the order given.
   *
   * @throws InputError for a text that is too long or is no text, with its `index`; CheckpointError where the model gives
   *   no numbers
   */
  encodeText(texts: Many<string>, options?: EncodeTextOptions): Promise<Embeddings>
  /**
   * For a model that predicts how probable a text is for an image and has no joint embedding (its `encodeImage` and
   * `encodeText` throw): its own way of comparing the two. Undefined for all other models.
   */
  readonly likelihood?: ClipLikelihood | undefined
  /** What the image encoder is fed: `[3, n, n]` bytes, before normalising. */
  preprocess(image: ImageInput, options?: { signal?: AbortSignal | undefined }): Promise<Uint8Array>
  /**
   * Gives back memory, threads and workers, after what is running has ended. The model cannot be used afterwards; calling
   * `dispose` again does nothing.
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
  /** What the model computes of each image before it sees a text, in the order given; in place of an embedding. */
  streamConditions(
    images: Many<ImageInput>,
    options?: { signal?: AbortSignal | undefined },
  ): AsyncGenerator<ImageResult>
  /**
   * A function from an image's condition to the mean log-probability of the tokens of each text.
   *
   * @throws InputError for a text that is too long or has no words
   */
  scoresOf(texts: readonly string[], options?: { onLong?: LongText | undefined }): Score
}

/** Prepares images as a model takes them. */
export interface Preprocessor {
  /** `[3, size, size]` bytes, before normalising (`normalize`). @throws InputError for what is not a readable image */
  preprocess(image: ImageInput, options?: { signal?: AbortSignal | undefined }): Promise<Uint8Array>
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
  onNotice?: ((notice: UseNotice) => void) | undefined
  /** For messages: a parameter of this encoder that holds NaN or infinity, where one does. */
  brokenParameter?: ((tower: Tower) => Promise<string | undefined>) | undefined
}

type Tower = 'image' | 'text'

/** Images in one run of the encoder: more of them run no faster, and take more memory. */
const imageBatch = 16

const encodeRules = { normalize: trueOrFalse, signal: anything }
const encodeTextRules = { ...encodeRules, onLong: oneOf(...longTextChoices) }

export function createClip({ images, onNotice, brokenParameter, ...parts }: Parts): Clip {
  const { name, config, parameters, runtime: given, preprocessing, tokenizer } = parts
  const { encodeText, likelihood } = objectives[parts.objective]
  const runtime = disposable(given, refuseDisposed)
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
  let disposal: Promise<void> | undefined
  let noticedScript = false

  function imageShape<B>(batch: B): (B | number)[] {
    return [batch, 3, preprocessing.size, preprocessing.size]
  }

  function refuseDisposed(): void {
    if (disposal) throw new UsageError(`${name}: this model was disposed of; load it again`)
  }

  function check(tower: Tower, signal?: AbortSignal): void {
    signal?.throwIfAborted()
    refuseDisposed()
    if (!config[tower]) throw new UsageError(`${name} has no ${tower} encoder, or was loaded without it (\`towers\`)`)
  }

  function checkJoint(): void {
    if (!likelihood) return
    throw new UsageError(
      `${name} was trained to predict captions (objective ${parts.objective}) and has no joint embedding of images and texts; it can only classify images`,
    )
  }

  /** Every number that leaves the model comes through here. */
  async function checkNumbers(tower: Tower, rows: readonly Float32Array[], nameOf: (row: number) => string) {
    for (const [i, row] of rows.entries()) {
      const found = brokenNumber(row)
      if (found === undefined) continue
      const parameter = await brokenParameter?.(tower)
      throw new CheckpointError(
        `${name}: the model gives no numbers for ${nameOf(i)} (found ${found}); its weights are broken, or its training went wrong${parameter ? `: ${parameter}` : ''}`,
      )
    }
    return rows
  }

  function noticeScript(texts: readonly string[]): void {
    if (noticedScript || !onNotice) return
    const text = texts.find((each) => isSpelled(tokenizer, each))
    if (text === undefined) return
    noticedScript = true
    onNotice({
      kind: 'script',
      text,
      message: `the tokenizer of this model ${isClipVocabulary(tokenizer) ? 'knows English words and' : 'has no words of this script and'} spells texts such as "${excerpt(text, 60)}" in bytes or single letters; expect poor results, unless the model was trained on such texts`,
    })
  }

  async function* streamImages(many: Many<ImageInput>, options: EncodeOptions = {}): AsyncGenerator<ImageResult> {
    checkOptions(options, encodeRules, 'streamImages')
    checkJoint()
    yield* streamRows(many, options)
  }

  /** What the image encoder gives for each image. */
  async function* streamRows(many: Many<ImageInput>, options: EncodeOptions): AsyncGenerator<ImageResult> {
    const { signal } = options
    check('image', signal)
    const source = iterate(many)
    const ahead: { name: string; pixels: Promise<Uint8Array | InputError> }[] = []
    let index = 0
    let more = true
    for (;;) {
      // The images of this batch and of the next one are decoded while the encoder runs.
      while (more && ahead.length < 2 * imageBatch) {
        const { value, done } = await source.next()
        if (done) {
          more = false
        } else {
          const pixels = preprocess(value, { signal }).catch(inputError)
          // Nobody awaits these where a stream ends early, and closing the pool rejects them.
          pixels.catch(() => {})
          ahead.push({ name: inputName(value), pixels })
        }
      }
      if (ahead.length === 0) return
      const program = imageProgram()
      program.catch(() => {})
      const batch = ahead.splice(0, imageBatch)
      const results = await Promise.all(batch.map(({ pixels }) => pixels))
      check('image', signal)
      const read = [...results.keys()].filter((i) => results[i] instanceof Uint8Array)
      const pixels = read.map((i) => results[i] as Uint8Array)
      const rows = pixels.length ? await embedPixels(await program, pixels) : []
      await checkNumbers('image', rows, (row) => batch[read[row]!]!.name)
      for (const [i, result] of results.entries()) {
        if (result instanceof InputError) {
          yield { index, error: Object.assign(result, { index, input: batch[i]!.name }) }
        } else {
          const row = rows[read.indexOf(i)]!
          yield { index, embedding: options.normalize ? unit(row) : row }
        }
        index++
      }
    }
  }

  async function embedPixels(program: Program, pixels: Uint8Array[]): Promise<Float32Array[]> {
    const area = 3 * preprocessing.size ** 2
    const batch = new Float32Array(pixels.length * area)
    for (const [i, image] of pixels.entries()) normalize(image, preprocessing, batch, i * area)
    const { embedding } = await program.run({ image: new Value('float32', batch, imageShape(pixels.length)) })
    return rowsOf(matrixOf(embedding!))
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
    return rowsOf(matrixOf(embedding!))
  }

  async function preprocess(image: ImageInput, options?: { signal?: AbortSignal | undefined }): Promise<Uint8Array> {
    refuseDisposed()
    return images.preprocess(image, options).catch((error: unknown) => {
      if (!(error instanceof InputError)) refuseDisposed()
      throw error
    })
  }

  async function dispose(): Promise<void> {
    await images.close()
    for (const program of [imageProgram, textProgram]) {
      await program.made?.then(
        (made) => made.dispose(),
        () => {}, // it was never compiled
      )
    }
    await scores?.dispose()
  }

  const clip: Clip = {
    ...parts,
    streamImages,
    async encodeImage(many, options) {
      checkOptions(options, encodeRules, 'encodeImage')
      const rows: Float32Array[] = []
      for await (const result of streamImages(many, options)) {
        if ('error' in result) throw result.error
        rows.push(result.embedding)
      }
      return stackRows(rows, config.embedDim)
    },
    likelihood: likelihood && {
      template: likelihood.template,
      streamConditions: (many, { signal } = {}) => streamRows(many, { signal }),
      scoresOf(texts, options = {}) {
        checkOptions(options, { onLong: encodeTextRules.onLong }, 'scoresOf')
        check('text')
        noticeScript(checkTexts(texts))
        scores ??= textScores(likelihood, { ...parts, runtime })
        const score = scores.of(texts, options.onLong)
        return async (condition) => {
          const found = await score(condition)
          await checkNumbers('text', [found], () => 'these texts')
          return found
        }
      },
    },
    async encodeText(many, options = {}) {
      checkOptions(options, encodeTextRules, 'encodeText')
      const { normalize = false, onLong = 'error', signal } = options
      checkJoint()
      check('text', signal)
      const texts: string[] = []
      for await (const text of iterate(many)) texts.push(text)
      noticeScript(checkTexts(texts))
      const { batches, pieces } = textBatches(tokenizer, texts, config.text as TextTowerConfig, onLong)
      const embedded: Float32Array[] = []
      for (const batch of batches) {
        check('text', signal)
        const textOf = (row: number) => texts[pieces.findIndex((of) => of.includes(batch.pieces[row]!))]!
        const rows = await checkNumbers('text', await embedTexts(batch), (row) => `"${excerpt(textOf(row), 60)}"`)
        for (const [i, row] of rows.entries()) embedded[batch.pieces[i]!] = row
      }
      const rows = pieces.map((of) => mean(of.map((piece) => embedded[piece]!)))
      return stackRows(normalize ? rows.map(unit) : rows, config.embedDim)
    },
    preprocess,
    dispose() {
      disposal ??= dispose()
      return disposal
    },
    [Symbol.asyncDispose]: () => clip.dispose(),
  }
  return clip
}

/** Programs that refuse to run once their model was disposed of, and are released only when their last run has ended. */
function disposable(runtime: Runtime, refuseDisposed: () => void): Runtime {
  return {
    ...runtime,
    async compile(graph, options) {
      refuseDisposed()
      const program = await runtime.compile(graph, options)
      const running = new Set<Promise<unknown>>()
      const own: Program = {
        ...program,
        async run(values, into) {
          refuseDisposed()
          const run = program.run(values, into)
          const ended = run.catch(() => {}).finally(() => running.delete(ended))
          running.add(ended)
          return run
        },
        async dispose() {
          await Promise.all(running)
          await program.dispose()
        },
        [Symbol.asyncDispose]: () => own.dispose(),
      }
      return own
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

function inputError(error: unknown): InputError {
  if (error instanceof InputError) return error
  throw error
}
