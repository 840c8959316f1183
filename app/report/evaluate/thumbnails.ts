// Images for a page, small: the file itself where it is small, else what the model sees of it.

import type { Clip } from 'typeclip'
import { seenPicture } from '../images.ts'
import { originalUrl } from '../original.ts'

/** Characters of an address that holds an image. */
const longest = 250_000

/** An address for each image, in its order; undefined where there is none to show. */
export async function thumbnails(
  images: readonly (string | Uint8Array)[],
  clip: Clip,
): Promise<(string | undefined)[]> {
  const urls: (string | undefined)[] = []
  for (const image of images) {
    const url = await originalUrl(image).catch(() => undefined)
    urls.push(url !== undefined && url.length <= longest ? url : await seen(image, clip))
  }
  return urls
}

const seen = (image: string | Uint8Array, clip: Clip): Promise<string | undefined> =>
  clip.preprocess(image).then(
    (pixels) => seenPicture(pixels, clip.preprocessing.size),
    () => undefined,
  )
