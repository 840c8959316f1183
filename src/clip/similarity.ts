// The last lines of Figure 3: cosines of every image with every text, and logits.

import type { Clip, EncodeTextOptions, ImageInput, Many } from './clip.ts'
import { dot, rowOf } from './matrix.ts'

/**
 * Similarity of every image with every text: cosines, and logits (cosine · scale + bias).
 *
 * @returns matrices `[images, texts]`, row-major
 * @throws InputError for the first image or text that cannot be used, with its `index`
 *
 * @example
 * ```ts
 * import { load, similarity } from 'typeclip'
 *
 * const clip = await load()
 * const { cosines, shape } = await similarity(clip, ['1.jpg', '2.jpg'], ['a cat', 'a dog', 'a bird'])
 * console.log(shape) // [2, 3]
 * ```
 */
export async function similarity(
  clip: Clip,
  images: Many<ImageInput>,
  texts: Many<string>,
  options: EncodeTextOptions = {},
): Promise<{ cosines: Float32Array; logits: Float32Array; shape: [number, number] }> {
  const { signal } = options
  const image = await clip.encodeImage(images, { normalize: true, signal })
  const text = await clip.encodeText(texts, { ...options, normalize: true })
  const [rows, columns] = [image.shape[0], text.shape[0]]
  const cosines = Float32Array.from({ length: rows * columns }, (_, i) =>
    dot(rowOf(image, Math.floor(i / columns)), rowOf(text, i % columns)),
  )
  return { cosines, logits: cosines.map((x) => x * clip.logitScale + clip.logitBias), shape: [rows, columns] }
}
