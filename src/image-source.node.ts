// What a caller gives as an image, brought to what the decoder takes: a path, bytes, or pixels.

import { fileURLToPath } from 'node:url'
import { InputError } from './errors.ts'
import type { RawImage } from './image/pixels.ts'
import type { ImageInput } from './load.ts'

export async function imageSource(image: ImageInput, signal?: AbortSignal): Promise<string | Uint8Array | RawImage> {
  if (image instanceof URL) return image.protocol === 'file:' ? fileURLToPath(image) : fetchImage(image, signal)
  if (typeof image === 'string') return /^https?:\/\//i.test(image) ? fetchImage(new URL(image), signal) : image
  if (image instanceof ArrayBuffer) return new Uint8Array(image)
  if (image instanceof Blob) return new Uint8Array(await image.arrayBuffer())
  return image
}

async function fetchImage(url: URL, signal?: AbortSignal): Promise<Uint8Array> {
  try {
    const response = await fetch(url, signal ? { signal } : {})
    if (!response.ok) throw new InputError(`${url}: the server answered ${response.status} ${response.statusText}`)
    return new Uint8Array(await response.arrayBuffer())
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof InputError) throw error
    const reason = (error as Error).cause ?? error
    throw new InputError(`${url} cannot be fetched: ${(reason as Error).message}`, { cause: error })
  }
}
