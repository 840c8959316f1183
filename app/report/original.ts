// The original image for a page: the file itself, if browsers show its format and it is not large.

import { readFile, stat } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { dataUrl } from './png.ts'

const maxBytes = 2_000_000

/** Media types by the first bytes of a file. */
const signatures: readonly (readonly [RegExp, string])[] = [
  [/^\xff\xd8\xff/, 'image/jpeg'],
  [/^\x89PNG/, 'image/png'],
  [/^GIF8/, 'image/gif'],
  [/^RIFF....WEBP/s, 'image/webp'],
  [/^....ftypavi[fs]/s, 'image/avif'],
  [/^BM/, 'image/bmp'],
]

/** @param image a path, an address (one of http is not fetched again), or the file's bytes */
export async function originalUrl(image: string | Uint8Array): Promise<string | undefined> {
  const bytes = typeof image === 'string' ? await smallFile(image) : image
  if (!bytes || bytes.length > maxBytes) return undefined
  const start = Buffer.from(bytes.subarray(0, 16)).toString('latin1')
  const type = signatures.find(([signature]) => signature.test(start))?.[1]
  return type && dataUrl(bytes, type)
}

async function smallFile(address: string): Promise<Uint8Array | undefined> {
  if (/^https?:\/\//i.test(address)) return undefined
  if (/^data:/i.test(address)) return new Uint8Array(await (await fetch(address)).arrayBuffer())
  const path = /^file:\/\//i.test(address) ? fileURLToPath(address) : address
  return (await stat(path)).size > maxBytes ? undefined : readFile(path)
}
