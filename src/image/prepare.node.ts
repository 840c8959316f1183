// One picture, from where it lies to what the model takes: read, decode, preprocess.
import { readFile } from 'node:fs/promises'
import { InputError } from '../errors.ts'
import { type DecodeOptions, decode } from './decode.node.ts'
import { fromRaw, type Pixels, type RawImage } from './pixels.ts'
import { neededPart, type Preprocessing, preprocess } from './transform.ts'

/** A path, the bytes of a file, or pixels. */
export type Source = string | Uint8Array | RawImage

export interface PrepareOptions extends Pick<DecodeOptions, 'maxPixels' | 'exifRotate'> {
  preprocessing: Preprocessing
}

/** `[3, size, size]` bytes, before normalising. */
export async function prepare(source: Source, { preprocessing, ...options }: PrepareOptions): Promise<Uint8Array> {
  return preprocess(await open(source, preprocessing, options), preprocessing)
}

async function open(source: Source, how: Preprocessing, options: DecodeOptions): Promise<Pixels> {
  const part = (width: number, height: number) => neededPart(width, height, how)
  if (typeof source === 'string') return decode(await readImage(source), { ...options, part, name: source })
  return source instanceof Uint8Array ? decode(source, { ...options, part }) : fromRaw(source)
}

async function readImage(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (error) {
    throw new InputError(`${path}: cannot be read (${(error as Error).message})`)
  }
}
