// Images for a page: the file itself if it is small, else what the model sees of it.

import type { Clip } from 'typeclip'
import { modelImage } from '../images.ts'
import { originalUrl } from '../original.ts'

/** Characters of a URL that holds an image. */
const maxLength = 250_000

/** A URL for each image, in its order; undefined for one that cannot be read. */
export async function thumbnails(
  images: readonly (string | Uint8Array)[],
  clip: Clip,
): Promise<(string | undefined)[]> {
  const urls: (string | undefined)[] = []
  for (const image of images) {
    const url = await originalUrl(image).catch(() => undefined)
    urls.push(url !== undefined && url.length <= maxLength ? url : await preprocessedUrl(image, clip))
  }
  return urls
}

const preprocessedUrl = (image: string | Uint8Array, clip: Clip): Promise<string | undefined> =>
  clip.preprocess(image).then(
    (pixels) => modelImage(pixels, clip.preprocessing.size),
    () => undefined,
  )
