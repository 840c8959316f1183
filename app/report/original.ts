// The image as it came, for the page: the file itself, where browsers show such files and it is not large.

import { readFile, stat } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { dataUrl } from './png.ts'

const mostBytes = 2_000_000

/** Media types by how a file begins. */
const beginnings: readonly (readonly [RegExp, string])[] = [
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
  if (!bytes || bytes.length > mostBytes) return undefined
  const start = Buffer.from(bytes.subarray(0, 16)).toString('latin1')
  const type = beginnings.find(([beginning]) => beginning.test(start))?.[1]
  return type && dataUrl(bytes, type)
}

async function smallFile(given: string): Promise<Uint8Array | undefined> {
  if (/^https?:\/\//i.test(given)) return undefined
  if (/^data:/i.test(given)) return new Uint8Array(await (await fetch(given)).arrayBuffer())
  const path = /^file:\/\//i.test(given) ? fileURLToPath(given) : given
  return (await stat(path)).size > mostBytes ? undefined : readFile(path)
}
