// The original image for a page: the file itself, if browsers show its format and it is not large.

import { readFile, stat } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { dataUrl } from './png.ts'

const maxBytes = 2_000_000

/** @param image a path, an address (one of http is not fetched again), or the file's bytes */
export async function originalUrl(image: string | Uint8Array): Promise<string | undefined> {
  const bytes = typeof image === 'string' ? await smallFile(image) : image
  if (!bytes || bytes.length > maxBytes) return undefined
  const { imageFormat } = await import('typeclip')
  const format = imageFormat(bytes, 'image')
  return format === 'tiff' ? undefined : dataUrl(bytes, `image/${format}`)
}

async function smallFile(address: string): Promise<Uint8Array | undefined> {
  if (/^https?:\/\//i.test(address)) return undefined
  if (/^data:/i.test(address)) return new Uint8Array(await (await fetch(address)).arrayBuffer())
  const path = /^file:\/\//i.test(address) ? fileURLToPath(address) : address
  return (await stat(path)).size > maxBytes ? undefined : readFile(path)
}
