// A CLIP from its parts. Each encoder is a program, compiled when it is first used.

import { Tensor as Value } from 'onnxruntime-common'
import { CheckpointError, excerpt, InputError, UsageError } from '../errors.ts'
import { input } from '../graph/tensor.ts'
import { normalize as normalizePixels } from '../image/transform.ts'
import { encodeImage, textConfig } from '../model/clip.ts'
import { objectives } from '../objectives/index.ts'
import { textScores } from './caption-likelihood.ts'
import type { Clip, EncodeOptions, ImageInput, ImageResult, Parts } from './clip.ts'
import { disposableRuntime } from './disposable-runtime.ts'
import { brokenNumber, mean, unit } from './embeddings.ts'
import { streamEmbeddings } from './image-stream.ts'
import { iterate, type Many } from './many.ts'
import { matrixOf, rowsOf, stackRows } from './matrix.ts'
import { scriptNotice } from './notices.ts'
import { once } from './once.ts'
import { anything, checkOptions, oneOf, trueOrFalse } from './options.ts'
import { isSpelled } from './spelled-text.ts'
import { checkTexts, longTextChoices, type TextBatch, textBatches } from './text-batches.ts'

type Tower = 'image' | 'text'

const encodeRules = { normalize: trueOrFalse, signal: anything }
const encodeTextRules = { ...encodeRules, onLong: oneOf(...longTextChoices) }

export function createClip({ images, onNotice, brokenParameter, ...parts }: Parts): Clip {
  const { name, config, parameters, preprocessing, tokenizer } = parts
  const { size } = preprocessing
  const { encodeText, likelihood } = objectives[parts.objective]
  const runtime = disposableRuntime(parts.runtime, refuseDisposed)
  let disposal: Promise<void> | undefined
  let noticedScript = false

  const imageProgram = once(() => {
    const read = likelihood?.condition ?? encodeImage
    return runtime.compile({
      embedding: read(parameters, input('image', 'float32', ['batch', 3, size, size]), config),
    })
  })
  const textProgram = once(() => {
    const ids = input('ids', 'int32', ['batch', 'length'])
    const end = input('end', 'int64', ['batch', 1])
    const positions = input('positions', 'int32', ['length'])
    return runtime.compile({ embedding: encodeText!(parameters, { ids, end, positions }, config) })
  })
  const captionScores = once(() => textScores(likelihood!, { ...parts, runtime }))

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

  /** All outputs of the model are checked here. */
  async function checkNumbers(tower: Tower, rows: Float32Array[], nameOf: (row: number) => string) {
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

  function checkScripts(texts: readonly string[]): void {
    if (noticedScript || !onNotice) return
    const text = texts.find((each) => isSpelled(tokenizer, each))
    if (text === undefined) return
    noticedScript = true
    onNotice(scriptNotice(tokenizer, text))
  }

  async function preprocess(image: ImageInput, options?: { signal?: AbortSignal | undefined }): Promise<Uint8Array> {
    refuseDisposed()
    return images.preprocess(image, options).catch((error: unknown) => {
      if (!(error instanceof InputError)) refuseDisposed()
      throw error
    })
  }

  /** The image encoder's output for each image. */
  async function* streamRows(
    many: Many<ImageInput>,
    { signal, normalize }: EncodeOptions,
  ): AsyncGenerator<ImageResult> {
    check('image', signal)
    const steps = {
      decode(image: ImageInput) {
        imageProgram().catch(() => {}) // compiled while the first images are decoded
        return preprocess(image, { signal })
      },
      async encode(pixels: readonly Uint8Array[], names: readonly string[]) {
        check('image', signal)
        return pixels.length === 0 ? [] : checkNumbers('image', await embedPixels(pixels), (row) => names[row]!)
      },
    }
    yield* streamEmbeddings(many, steps, normalize)
  }

  async function embedPixels(pixels: readonly Uint8Array[]): Promise<Float32Array[]> {
    const area = 3 * size ** 2
    const batch = new Float32Array(pixels.length * area)
    for (const [i, image] of pixels.entries()) normalizePixels(image, preprocessing, batch, i * area)
    const program = await imageProgram()
    const { embedding } = await program.run({ image: new Value('float32', batch, [pixels.length, 3, size, size]) })
    return rowsOf(matrixOf(embedding!))
  }

  async function embedTexts({ ids, ends, shape: [rows, length] }: TextBatch): Promise<Float32Array[]> {
    const positions = Int32Array.from({ length }, (_, i) => i)
    const program = await textProgram()
    const { embedding } = await program.run({
      ids: new Value('int32', ids, [rows, length]),
      end: new Value('int64', ends, [rows, 1]),
      positions: new Value('int32', positions, [length]),
    })
    return rowsOf(matrixOf(embedding!))
  }

  async function dispose(): Promise<void> {
    await images.close()
    for (const program of [imageProgram, textProgram]) {
      await program.made?.then(
        (made) => made.dispose(),
        () => {}, // it was never compiled
      )
    }
    await captionScores.made?.dispose()
  }

  const clip: Clip = {
    ...parts,
    async encodeImage(many, options) {
      checkOptions(options, encodeRules, 'encodeImage')
      const rows: Float32Array[] = []
      for await (const result of clip.streamImages(many, options)) {
        if ('error' in result) throw result.error
        rows.push(result.embedding)
      }
      return stackRows(rows, config.embedDim)
    },
    async *streamImages(many, options = {}) {
      checkOptions(options, encodeRules, 'streamImages')
      checkJoint()
      yield* streamRows(many, options)
    },
    async encodeText(many, options = {}) {
      checkOptions(options, encodeTextRules, 'encodeText')
      const { normalize = false, onLong = 'error', signal } = options
      checkJoint()
      check('text', signal)
      const texts: string[] = []
      for await (const text of iterate(many)) texts.push(text)
      checkScripts(checkTexts(texts))
      const { batches, pieces } = textBatches(tokenizer, texts, textConfig(config), onLong)
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
    likelihood: likelihood && {
      template: likelihood.template,
      streamConditions: (many, { signal } = {}) => streamRows(many, { signal }),
      scoresOf(texts, options = {}) {
        checkOptions(options, { onLong: encodeTextRules.onLong }, 'scoresOf')
        check('text')
        checkScripts(checkTexts(texts))
        const score = captionScores().of(texts, options.onLong)
        return async (condition) => (await checkNumbers('text', [await score(condition)], () => 'these texts'))[0]!
      },
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
