// An image as the caller gives it, as the decoder takes it: a path, the bytes of a file, or pixels.

import { fileURLToPath } from 'node:url'
import { types } from 'node:util'
import { excerpt, InputError, UsageError } from '../errors.ts'
import type { RawImage } from '../image/pixels.ts'
import { foundInstead } from './input-name.ts'

export interface FetchOptions {
  signal?: AbortSignal | undefined
  /** Aborted when the pool is closed. */
  closing?: AbortSignal | undefined
  /** The most bytes of an image at an address. */
  maxBytes?: number | undefined
  /** Milliseconds without a byte before the download fails. */
  longestSilence?: number | undefined
}

export interface ImageSource {
  source: string | Uint8Array | RawImage
  /** Its name in errors, if it is not a path. */
  name?: string | undefined
}

/** 1.5 bytes for each pixel of the largest image. */
export const defaultMaxBytes = 256 * 2 ** 20
const defaultSilence = 30_000

/** @throws InputError for a value that is not an image, and for an address that cannot be read */
export async function imageSource(image: unknown, options: FetchOptions = {}): Promise<ImageSource> {
  if (typeof image === 'string') return fromString(image, options)
  if (kindOf(image) === 'URL') return fromAddress(String(image), options)
  if (types.isUint8Array(image)) return { source: own(image) }
  if (types.isAnyArrayBuffer(image)) return { source: new Uint8Array(image) }
  if (kindOf(image) === 'Blob' || kindOf(image) === 'File') {
    return { source: new Uint8Array(await (image as Blob).arrayBuffer()) }
  }
  if (typeof image === 'object' && image !== null && 'width' in image && 'height' in image && 'data' in image) {
    const raw = image as RawImage
    return { source: types.isUint8Array(raw.data) ? { ...raw, data: own(raw.data) } : raw }
  }
  throw new InputError(
    `image: expected a path, an address (http, https, data or file), the bytes of an image file (Uint8Array, ArrayBuffer, Blob) or pixels { data, width, height, channels }; found ${foundInstead(image)}`,
  )
}

const fromString = (text: string, options: FetchOptions): ImageSource | Promise<ImageSource> =>
  /^(https?:\/\/|file:\/\/|data:)/i.test(text) ? fromAddress(text, options) : { source: text }

async function fromAddress(address: string, options: FetchOptions): Promise<ImageSource> {
  const name = excerpt(address)
  let url: URL
  try {
    url = new URL(address)
    if (url.protocol === 'file:') return { source: fileURLToPath(url) }
  } catch (error) {
    throw new InputError(`${name}: this is no address (${(error as Error).message})`, { cause: error })
  }
  if (url.protocol === 'data:') return { source: await dataOf(url, name), name }
  return { source: await fetchImage(url, name, options), name }
}

/** The bytes in a `data:` address, base64 or percent-encoded. */
async function dataOf(url: URL, name: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await (await fetch(url)).arrayBuffer())
  } catch (error) {
    throw new InputError(
      `${name}: this data: address cannot be read; expected data:image/png;base64,… with whole base64, or percent-encoded bytes`,
      { cause: error },
    )
  }
}

async function fetchImage(url: URL, name: string, options: FetchOptions): Promise<Uint8Array> {
  const { signal, closing, maxBytes = defaultMaxBytes, longestSilence = defaultSilence } = options
  // Loaded only here: most images are files.
  const { fetchOnce, reasonOf } = await import('../download/retry.node.ts')
  const given = new AbortController()
  const onSilence = () => given.abort(new InputError(`${name}: nothing was received for ${longestSilence / 1000} s`))
  let timer = setTimeout(onSilence, longestSilence)
  const tooLarge = (found: string) =>
    new InputError(`${name}: ${found} ${maxBytes} bytes allowed; raise \`maxBytes\` if you trust this server`, {
      option: 'maxBytes',
    })
  try {
    const response = await fetchOnce(url, {
      signal: AbortSignal.any([signal, closing, given.signal].filter((each) => each !== undefined)),
    })
    if (!response.ok) throw new InputError(`${name}: the server answered ${response.status} ${response.statusText}`)
    const announced = Number(response.headers.get('content-length') ?? 0)
    if (announced > maxBytes) throw tooLarge(`${announced} bytes, more than the`)
    const chunks: Uint8Array[] = []
    let received = 0
    for await (const chunk of response.body ?? []) {
      clearTimeout(timer)
      timer = setTimeout(onSilence, longestSilence)
      received += chunk.length
      if (received > maxBytes) throw tooLarge('more than the')
      chunks.push(chunk)
    }
    return Buffer.concat(chunks)
  } catch (error) {
    signal?.throwIfAborted()
    closing?.throwIfAborted()
    if (error instanceof InputError || error instanceof UsageError) throw error
    throw new InputError(`${name} cannot be fetched: ${reasonOf(error)}`, { cause: error })
  } finally {
    clearTimeout(timer)
    given.abort() // ends a transfer that is not needed any more
  }
}

/** The name of a value's class. Unlike `instanceof`, it also works across realms, such as a test runner's. */
const kindOf = (value: unknown): string => Object.prototype.toString.call(value).slice(8, -1)

/** Bytes as this realm's `Uint8Array`. */
const own = (bytes: Uint8Array): Uint8Array =>
  bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes as never as ArrayBuffer)
