// One picture, from where it lies to what the model takes: read, decode, preprocess.
import { readFile } from 'node:fs/promises'
import { InputError } from '../errors.ts'
import { type DecodeOptions, decode } from './decode.node.ts'
import { fromRaw, type RawImage } from './pixels.ts'
import { type Preprocessing, preprocess } from './transform.ts'

/** A path, the bytes of a file, or pixels. */
export type Source = string | Uint8Array | RawImage

export interface PrepareOptions extends Pick<DecodeOptions, 'maxPixels' | 'exifRotate'> {
  preprocessing: Preprocessing
}

/** `[3, size, size]` bytes, before normalising. */
export async function prepare(source: Source, { preprocessing, ...options }: PrepareOptions): Promise<Uint8Array> {
  if (typeof source === 'string') {
    return preprocess(await decode(await readImage(source), { ...options, name: source }), preprocessing)
  }
  const pixels = source instanceof Uint8Array ? await decode(source, options) : fromRaw(source)
  return preprocess(pixels, preprocessing)
}

async function readImage(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (error) {
    throw new InputError(`${path}: cannot be read (${(error as Error).message})`)
  }
}
