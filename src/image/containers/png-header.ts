// Size, Pillow mode and palette from a PNG's chunks before its data; the table follows Pillow's PngImagePlugin.
import { InputError } from '../../errors.ts'
import type { Mode } from '../pixels.ts'
import type { Header } from './header.ts'

/** The mode by colour type and bits. */
const modes: Record<string, Mode> = {
  '0/1': '1',
  '0/2': 'L',
  '0/4': 'L',
  '0/8': 'L',
  '0/16': 'I;16',
  '2/8': 'RGB',
  '2/16': 'RGB',
  '3/1': 'P',
  '3/2': 'P',
  '3/4': 'P',
  '3/8': 'P',
  '4/8': 'LA',
  '4/16': 'RGBA',
  '6/8': 'RGBA',
  '6/16': 'RGBA',
}

export function pngHeader(bytes: Uint8Array, name: string): Header {
  const damaged = (what: string) => new InputError(`${name}: a PNG ${what}; the file is cut short or damaged`)
  let header: Header | undefined
  for (const { type, data, sound } of chunks(bytes)) {
    // Pillow checks the data's own checksum instead of its chunks', so only the chunks before it are checked.
    if (type === 'IDAT') {
      if (!header) throw damaged('without its header')
      if (header.mode === 'P' && !header.palette) throw damaged('that needs a palette and has none')
      return header
    }
    if (!sound) throw damaged(`whose chunk ${JSON.stringify(type)} has a wrong checksum`)
    if (type === 'IHDR' && data.length === 13) header = read(data, damaged)
    if (type === 'PLTE' && header) header = { ...header, palette: data.slice() }
  }
  throw damaged('without data')
}

function read(data: Uint8Array, damaged: (what: string) => InputError): Header {
  const view = new DataView(data.buffer, data.byteOffset)
  const kind = `${data[9]}/${data[8]}`
  const mode = modes[kind]
  if (!mode) throw damaged(`of colour type/bits ${kind}, which does not exist`)
  return { width: view.getUint32(0), height: view.getUint32(4), mode }
}

interface Chunk {
  type: string
  data: Uint8Array
  /** Whether the checksum is right. */
  sound: boolean
}

export function* chunks(bytes: Uint8Array): Generator<Chunk> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  for (let at = 8; at + 12 <= bytes.length; ) {
    const end = at + 8 + view.getUint32(at)
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8))
    const sound =
      type !== 'IDAT' && end + 4 <= bytes.length && crc32(bytes.subarray(at + 4, end)) === view.getUint32(end)
    yield { type, data: bytes.subarray(at + 8, end), sound }
    at = end + 4
  }
}

// Also in node:zlib since Node 20.15; this file runs without Node.
const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  return crc
})

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) crc = crcTable[(crc ^ byte) & 255]! ^ (crc >>> 8)
  return ~crc >>> 0
}
