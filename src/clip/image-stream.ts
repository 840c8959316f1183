// Images through the encoder as a stream: decoded ahead, encoded in batches, in the order given.

import { InputError } from '../errors.ts'
import type { ImageInput, ImageResult } from './clip.ts'
import { unit } from './embeddings.ts'
import { inputName } from './input-name.ts'
import { iterate, type Many } from './many.ts'

/** Images in one run of the encoder; more are not faster and take more memory. */
const batchSize = 16

export interface ImageSteps {
  decode(image: ImageInput): Promise<Uint8Array>
  /** @param names of the images, for messages. Both are empty if no image of a batch can be read. */
  encode(pixels: readonly Uint8Array[], names: readonly string[]): Promise<Float32Array[]>
}

export async function* streamEmbeddings(
  images: Many<ImageInput>,
  { decode, encode }: ImageSteps,
  normalize = false,
): AsyncGenerator<ImageResult> {
  const source = iterate(images)
  const ahead: { name: string; pixels: Promise<Uint8Array | InputError> }[] = []
  let [index, more] = [0, true]
  for (;;) {
    // The images of this batch and of the next one are decoded while the encoder runs.
    while (more && ahead.length < 2 * batchSize) {
      const { value, done } = await source.next()
      if (done) {
        more = false
      } else {
        const pixels = decode(value).catch(inputError)
        // Nobody awaits these if a stream ends early, and closing the pool rejects them.
        pixels.catch(() => {})
        ahead.push({ name: inputName(value), pixels })
      }
    }
    if (ahead.length === 0) return
    const batch = ahead.splice(0, batchSize)
    const results = await Promise.all(batch.map(({ pixels }) => pixels))
    const read = [...results.keys()].filter((i) => results[i] instanceof Uint8Array)
    const rows = await encode(
      read.map((i) => results[i] as Uint8Array),
      read.map((i) => batch[i]!.name),
    )
    for (const [i, result] of results.entries()) {
      if (result instanceof InputError) {
        yield { index, error: Object.assign(result, { index, input: batch[i]!.name }) }
      } else {
        const row = rows[read.indexOf(i)]!
        yield { index, embedding: normalize ? unit(row) : row }
      }
      index++
    }
  }
}

function inputError(error: unknown): InputError {
  if (error instanceof InputError) return error
  throw error
}
