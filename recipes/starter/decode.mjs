/** Decodes each image once, small: drawings to 96 × 96 transparent RGBA, photos to a shorter side of 112 in RGB. */
import { createHash } from 'node:crypto'
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'

export const DRAWING = 96
export const PHOTO = 112

/** @typedef {{ width: number, height: number, channels: 3 | 4, data: Uint8Array }} Pixels */

/** @param {import('./words.mjs').Image} image @returns {Promise<Pixels | undefined>} undefined if it can't be read */
async function decode(picture) {
  const transparent = { r: 255, g: 255, b: 255, alpha: 0 }
  const input = picture.svg ? Buffer.from(picture.svg) : picture.file
  try {
    if (picture.gray) {
      return await raw(
        sharp(picture.gray, { raw: { width: 28, height: 28, channels: 1 } }).resize(PHOTO, PHOTO, { kernel: 'cubic' }),
        3,
      )
    }
    const image = sharp(input, {
      limitInputPixels: false,
      failOn: 'none',
      density: picture.file?.endsWith('.svg') ? 144 : 72,
    })
    const { width, height } = await image.metadata()
    if (width < 2 || height < 2 || Math.max(width, height) > 12 * Math.min(width, height)) return undefined
    if (!picture.photo) {
      return await raw(image.resize(DRAWING, DRAWING, { fit: 'contain', background: transparent }), 4)
    }
    const tall = image.rotate().flatten({ background: '#fff' })
    return await raw(tall.resize(PHOTO, PHOTO, { fit: 'outside' }), 3)
  } catch {
    return undefined
  }
}

async function raw(image, channels) {
  const srgb = image.toColourspace('srgb')
  const { data, info } = await (channels === 4 ? srgb.ensureAlpha() : srgb.removeAlpha())
    .raw()
    .toBuffer({ resolveWithObject: true })
  if (info.channels !== channels) throw new Error(`${info.channels} channels`)
  return { width: info.width, height: info.height, channels, data }
}

/**
 * Decodes a source's images into one file of pixels, unless it exists.
 *
 * @param {string} folder
 * @param {string} source
 * @param {import('./words.mjs').Image[]} images
 * @returns {Promise<{ file: string, entries: ({ width: number, height: number, channels: number, offset: number } | null)[] }>}
 */
export async function decodeAll(folder, source, pictures) {
  mkdirSync(folder, { recursive: true })
  const key = createHash('sha256')
    .update(JSON.stringify([DRAWING, PHOTO, pictures.map((p) => p.id)]))
    .digest('hex')
  const file = join(folder, `${source}-${key.slice(0, 12)}.bin`)
  const index = `${file}.json`
  if (existsSync(index)) return { file, entries: JSON.parse(readFileSync(index, 'utf8')) }
  const out = openSync(`${file}.part`, 'w')
  const entries = []
  let offset = 0
  const AT_ONCE = 4
  for (let i = 0; i < pictures.length; i += AT_ONCE * 8) {
    const part = pictures.slice(i, i + AT_ONCE * 8)
    const lanes = Array.from({ length: AT_ONCE }, (_, lane) => lane)
    const done = new Array(part.length)
    await Promise.all(
      lanes.map(async (lane) => {
        for (let j = lane; j < part.length; j += AT_ONCE) done[j] = await decode(part[j])
      }),
    )
    for (const pixels of done) {
      if (!pixels) {
        entries.push(null)
        continue
      }
      const { width, height, channels, data } = pixels
      writeSync(out, data)
      entries.push({ width, height, channels, offset })
      offset += data.length
    }
  }
  closeSync(out)
  renameSync(`${file}.part`, file)
  writeFileSync(index, JSON.stringify(entries))
  return { file, entries }
}

/** @param {number} file a descriptor @returns {Pixels} */
export function readPixels(file, { width, height, channels, offset }) {
  const data = new Uint8Array(width * height * channels)
  readSync(file, data, 0, data.length, offset)
  return { width, height, channels, data }
}
