// One image, from its file or bytes to the pixels that a model takes: read, decode, preprocess.
import { readFile } from 'node:fs/promises'
import { excerpt, InputError } from '../errors.ts'
import { createRandom } from '../random.ts'
import { type Augmentation, augment, randomChoices } from './augment.ts'
import { type DecodeOptions, decode } from './decode.node.ts'
import { fromRaw, type Pixels, type RawImage } from './pixels.ts'
import { neededPart, type Preprocessing, preprocess } from './transform.ts'

/** A path, the bytes of a file, or pixels. */
export type Source = string | Uint8Array | RawImage

/** The random seeds of an image's augmentation. */
export type Seeds = readonly (number | string)[]

/** How an image is decoded, resized and cropped. */
export interface PrepareOptions extends Pick<DecodeOptions, 'maxPixels' | 'exifRotate'> {
  preprocessing: Preprocessing
  /** Augments images that come with seeds, in place of evaluation's resize and crop. */
  augmentation?: Augmentation | undefined
}

/** An image and how it is prepared. */
export interface Job {
  source: Source
  /** With seeds the image is augmented. */
  seeds?: Seeds
  /** The name in errors of an image that has no path. */
  name?: string
}

export interface Prepared {
  /** `[3, size, size]` bytes, before normalising. */
  pixels: Uint8Array
  /** The EXIF orientation that was not applied, 2 to 8. */
  orientation?: number
}

export async function prepare({ source, seeds, name }: Job, options: PrepareOptions): Promise<Prepared> {
  const { preprocessing, augmentation, ...decoding } = options
  const choices = (width: number, height: number) =>
    randomChoices(width, height, augmentation ?? {}, createRandom(...seeds!))
  const part = (width: number, height: number) =>
    seeds ? choices(width, height).crop : neededPart(width, height, preprocessing)
  const image = await open(source, { ...decoding, part, name })
  const pixels = seeds
    ? augment(image, choices(image.width, image.height), preprocessing)
    : preprocess(image, preprocessing)
  return { pixels, ...(image.orientation !== undefined && { orientation: image.orientation }) }
}

async function open(source: Source, options: DecodeOptions): Promise<Pixels> {
  if (typeof source === 'string') return decode(await readImage(source), { ...options, name: excerpt(source) })
  return source instanceof Uint8Array ? decode(source, options) : fromRaw(source)
}

async function readImage(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    // Node's own message repeats the whole path.
    const reason = looksLikeBase64(path)
      ? `no such file; if this is base64, give the bytes, Buffer.from(text, 'base64'), or a data: address`
      : (reasons[code] ?? (path.length > 200 ? code : message))
    throw new InputError(`${excerpt(path)}: cannot be read (${reason})`, { cause: error })
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file',
  ENAMETOOLONG: 'no such file; the path is longer than the system allows',
  EISDIR: 'it is a folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
}

const looksLikeBase64 = (path: string): boolean => path.length > 200 && /^[\w+/=\s-]{200}/.test(path)
