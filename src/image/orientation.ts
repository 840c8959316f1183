// EXIF's orientation: how a camera was held, as a number from 1 (upright) to 8 in the file's header.

import { avifTurn } from './containers/avif-orientation.ts'
import { chunks } from './containers/png-header.ts'
import type { Format } from './containers/sniff.ts'

/** The orientation in a file's header, without decoding it; 1 where there is none, as Pillow's `getexif` has it. */
export function exifOrientation(bytes: Uint8Array, format: Format): number {
  if (format === 'avif') return avifOrientation(bytes)
  const block = exifBlocks[format]?.(bytes)
  return block ? orientationTag(block) : 1
}

/** Where each format keeps its EXIF block, which is a small TIFF file. */
const exifBlocks: Partial<Record<Format, (bytes: Uint8Array) => Uint8Array | undefined>> = {
  jpeg: jpegExif,
  webp: webpExif,
  png(bytes) {
    for (const { type, data, sound } of chunks(bytes)) if (type === 'eXIf' && sound) return data
    return undefined
  },
}

const exifMark = 'Exif\0\0'

function jpegExif(bytes: Uint8Array): Uint8Array | undefined {
  const view = viewOf(bytes)
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff; ) {
    const marker = bytes[at + 1]!
    if (marker === 0xff) {
      at++ // fill bytes before a marker
      continue
    }
    if (marker === 0xda || marker === 0xd9) return undefined // the image data begins, or the file ends
    const end = at + 2 + view.getUint16(at + 2)
    if (marker === 0xe1 && startsWith(bytes, at + 4, exifMark)) return bytes.subarray(at + 4 + exifMark.length, end)
    at = end
  }
  return undefined
}

function webpExif(bytes: Uint8Array): Uint8Array | undefined {
  const view = viewOf(bytes)
  for (let at = 12; at + 8 <= bytes.length; ) {
    const length = view.getUint32(at + 4, true)
    const data = bytes.subarray(at + 8, at + 8 + length)
    if (startsWith(bytes, at, 'EXIF')) return startsWith(data, 0, exifMark) ? data.subarray(exifMark.length) : data
    at += 8 + length + (length & 1)
  }
  return undefined
}

/** Tag 274 of the first directory. */
function orientationTag(block: Uint8Array): number {
  const little = startsWith(block, 0, 'II')
  if (!little && !startsWith(block, 0, 'MM')) return 1
  const view = viewOf(block)
  if (block.length < 8) return 1
  const directory = view.getUint32(4, little)
  if (directory + 2 > block.length) return 1
  const entries = view.getUint16(directory, little)
  for (let i = 0; i < entries; i++) {
    const at = directory + 2 + 12 * i
    if (at + 12 > block.length) return 1
    if (view.getUint16(at, little) !== 274) continue
    const value = view.getUint16(at + 8, little)
    return value >= 1 && value <= 8 ? value : 1
  }
  return 1
}

/** AVIF turns by boxes of its own, which sharp and Pillow both follow in place of EXIF. */
function avifOrientation(bytes: Uint8Array): number {
  const { quarters, mirror } = avifTurn(bytes)
  if (!mirror) return [1, 8, 3, 6][quarters]!
  return (mirror === 'horizontal' ? [2, 7, 4, 5] : [4, 5, 2, 7])[quarters]!
}

function startsWith(bytes: Uint8Array, at: number, text: string): boolean {
  if (at + text.length > bytes.length) return false
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false
  return true
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
