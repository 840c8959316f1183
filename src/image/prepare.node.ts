// One picture, from where it lies to what the model takes: read, decode, preprocess.
import { readFile } from 'node:fs/promises'
import { InputError } from '../errors.ts'
import { createRandom } from '../random.ts'
import { type Augmentation, augment, draw } from './augment.ts'
import { type DecodeOptions, decode } from './decode.node.ts'
import { fromRaw, type Pixels, type RawImage } from './pixels.ts'
import { neededPart, type Preprocessing, preprocess } from './transform.ts'

/** A path, the bytes of a file, or pixels. */
export type Source = string | Uint8Array | RawImage

/** Decide what a picture's augmentation falls on. */
export type Seeds = readonly (number | string)[]

export interface PrepareOptions extends Pick<DecodeOptions, 'maxPixels' | 'exifRotate'> {
  preprocessing: Preprocessing
  /** Done to pictures that come with seeds, in place of the evaluation's resize and crop. */
  augmentation?: Augmentation | undefined
}

/** `[3, size, size]` bytes, before normalising. */
export async function prepare(source: Source, options: PrepareOptions, seeds?: Seeds): Promise<Uint8Array> {
  const { preprocessing, augmentation, ...decoding } = options
  if (!seeds) {
    const part = (width: number, height: number) => neededPart(width, height, preprocessing)
    return preprocess(await open(source, { ...decoding, part }), preprocessing)
  }
  const drawn = (width: number, height: number) => draw(width, height, augmentation ?? {}, createRandom(...seeds))
  const part = (width: number, height: number) => drawn(width, height).crop
  const image = await open(source, { ...decoding, part })
  return augment(image, drawn(image.width, image.height), preprocessing)
}

async function open(source: Source, options: DecodeOptions): Promise<Pixels> {
  if (typeof source === 'string') return decode(await readImage(source), { ...options, name: source })
  return source instanceof Uint8Array ? decode(source, options) : fromRaw(source)
}

async function readImage(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (error) {
    throw new InputError(`${path}: cannot be read (${(error as Error).message})`, { cause: error })
  }
}
