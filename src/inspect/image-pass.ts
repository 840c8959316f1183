// The image tower's forward pass, step by step, for one picture.

import { Tensor as Value } from 'onnxruntime-common'
import { UsageError } from '../errors.ts'
import { input, type Tensor } from '../graph/tensor.ts'
import { normalize } from '../image/transform.ts'
import type { Clip, ImageInput } from '../load.ts'
import { encodeImage } from '../model/clip.ts'
import { imageTower } from '../model/towers.ts'
import { type Pass, runStages } from './stages.ts'

/** One forward pass of the image encoder, with every named stage. */
export interface ImagePass extends Pass {
  kind: 'vision-transformer' | 'modified-resnet'
  /** Side of the square that the tower takes. */
  size: number
  /** After resizing and cropping, before normalising: `[3, size, size]`. */
  pixels: Uint8Array
  /**
   * Rows and columns of positions that attention looks at. A Vision Transformer's are its patches, a ModifiedResNet's
   * what its convolutions left. Before them comes one more: the class token, or the mean of all.
   */
  grid: [rows: number, columns: number]
  /** Side of a patch or position in pixels. */
  patchSize: number
}

/** The graph of the image tower. `allPositions`: every position of every block; default: what `encodeImage` runs. */
export function imageGraph(
  { config, parameters, name }: Clip,
  options?: { allPositions: boolean },
): { embedding: Tensor } {
  if (!config.image) throw new UsageError(`${name} has no image tower`)
  const { imageSize } = config.image
  const image = input('image', 'float32', ['batch', 3, imageSize, imageSize])
  return { embedding: encodeImage(parameters, image, config, options) }
}

/** A picture as `preprocess` gives it, as the tower's graph is fed it. */
export function readPixels({ preprocessing }: Clip, pixels: Uint8Array): { image: Value } {
  const { size } = preprocessing
  const normalized = new Float32Array(pixels.length)
  normalize(pixels, preprocessing, normalized, 0)
  return { image: new Value('float32', normalized, [1, 3, size, size]) }
}

/** The places that a tower's attention looks at. */
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
  const { pass } = await runStages(runtime, build, readPixels(clip, pixels))
  return { ...pass, kind: config.image!.kind, size: preprocessing.size, pixels, ...placesOf(clip) }
}
