// The image encoder's forward pass, stage by stage, for one image.

import { Tensor as Value } from 'onnxruntime-common'
import type { Clip, ImageInput } from '../clip/clip.ts'
import { UsageError } from '../errors.ts'
import { input, type Tensor } from '../graph/tensor.ts'
import { normalize } from '../image/transform.ts'
import { encodeImage } from '../model/clip.ts'
import { imageTower } from '../model/towers.ts'
import { type Pass, runStages } from './stages.ts'

/** One forward pass of the image encoder, with every named stage. */
export interface ImagePass extends Pass {
  kind: 'vision-transformer' | 'modified-resnet'
  /** Side of the encoder's input. */
  size: number
  /** After resizing and cropping, before normalising: `[3, size, size]`. */
  pixels: Uint8Array
  /**
   * Rows and columns of the positions of attention: a Vision Transformer's patches, or the grid of a ModifiedResNet's
   * attention pool. They are preceded by one more position: the class token, or the mean of all.
   */
  grid: [rows: number, columns: number]
  /** Side of a position in pixels. */
  patchSize: number
  /** Vision Transformer only: the learned vectors that do not depend on the image. */
  learned?: {
    /** `[width]` */
    classToken: Float32Array
    /** The position embeddings, the class token's first: `[1 + rows · columns, width]`. */
    positions: Float32Array
  }
}

/** The graph of the image encoder. @param options.allPositions computes every position of every block; default: as `encodeImage` */
export function imageGraph(
  { config, parameters, name }: Clip,
  options?: { allPositions: boolean },
): { embedding: Tensor } {
  if (!config.image) throw new UsageError(`${name} has no image encoder`)
  const { imageSize } = config.image
  const image = input('image', 'float32', ['batch', 3, imageSize, imageSize])
  return { embedding: encodeImage(parameters, image, config, options) }
}

/** The input of `imageGraph`. @param pixels from `clip.preprocess` */
export function readPixels({ preprocessing }: Clip, pixels: Uint8Array): { image: Value } {
  const { size } = preprocessing
  const normalized = new Float32Array(pixels.length)
  normalize(pixels, preprocessing, normalized, 0)
  return { image: new Value('float32', normalized, [1, 3, size, size]) }
}

/** The positions of the encoder's attention. */
export function placesOf({ config, preprocessing }: Clip): Pick<ImagePass, 'grid' | 'patchSize'> {
  const { patchSize } = imageTower(config.image!)
  const side = Math.floor(preprocessing.size / patchSize)
  return { grid: [side, side], patchSize }
}

export async function inspectImage(clip: Clip, image: ImageInput, signal?: AbortSignal): Promise<ImagePass> {
  const { config, preprocessing, runtime } = clip
  const build = (): Tensor => imageGraph(clip, { allPositions: true }).embedding
  if (!config.image) build()
  const pixels = await clip.preprocess(image, signal ? { signal } : {})
  const { pass, values } = await runStages(runtime, build, readPixels(clip, pixels))
  const kind = config.image!.kind
  const learned = kind === 'vision-transformer' && learnedOf(values)
  return { ...pass, kind, size: preprocessing.size, pixels, ...placesOf(clip), ...(learned && { learned }) }
}

/** The learned vectors of the embedding: the class token is a row of its stage, the positions the difference of two stages. */
function learnedOf(values: (name: string) => Float32Array): NonNullable<ImagePass['learned']> {
  const [before, after] = [values('visual.class_embedding'), values('visual.positional_embedding')]
  const width = after.length - values('visual.patches').length // one row more than the patches
  return { classToken: before.slice(0, width), positions: after.map((x, i) => x - before[i]!) }
}
