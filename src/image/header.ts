// Size and Pillow mode from the headers of JPEG, PNG and TIFF files, before anything is decoded.
import { InputError } from '../errors.ts'
import type { Mode } from './pixels.ts'

export interface Header {
  width: number
  height: number
  mode: Mode
}

/** JPEG: the frame header says size and number of components. */
export function jpegHeader(bytes: Uint8Array, name: string): Header {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  for (let at = 2; at + 10 <= bytes.length; ) {
    if (bytes[at] !== 0xff) {
      at++ // Pillow too skips what lies between segments
      continue
    }
    const marker = bytes[at + 1]!
    if (marker === 0xff || marker === 0 || marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) {
      at += marker === 0xff ? 1 : 2
      continue
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc
    if (!isFrame) {
      if (marker === 0xda || marker === 0xd9) break
      at += 2 + view.getUint16(at + 2)
      continue
    }
    const bits = bytes[at + 4]!
    const components = bytes[at + 9]!
    const mode = ({ 1: 'L', 3: 'RGB', 4: 'CMYK' } as const)[components]
    if (bits !== 8) throw new InputError(`${name}: a JPEG of ${bits} bits a sample; 8 is what can be read`)
    if (!mode) throw new InputError(`${name}: a JPEG of ${components} components; expected 1, 3 or 4`)
    return { width: view.getUint16(at + 7), height: view.getUint16(at + 5), mode }
  }
  throw new InputError(`${name}: a JPEG without a picture in it; the file is cut short or damaged`)
}

/** PNG: the mode by colour type and bits, as Pillow's PngImagePlugin has it. */
const pngModes: Record<string, Mode> = {
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

export function pngHeader(bytes: Uint8Array, name: string): Header & { palette?: Uint8Array } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (bytes.length < 33 || view.getUint32(12) !== 0x49484452) {
    throw new InputError(`${name}: a PNG without its header; the file is cut short or damaged`)
  }
  const kind = `${bytes[25]}/${bytes[24]}`
  const mode = pngModes[kind]
  if (!mode)
    throw new InputError(`${name}: a PNG of colour type/bits ${kind}, which does not exist; the file is damaged`)
  const header = { width: view.getUint32(16), height: view.getUint32(20), mode }
  if (mode !== 'P') return header
  for (let at = 8; at + 12 <= bytes.length; at += 12 + view.getUint32(at)) {
    if (view.getUint32(at + 4) === 0x504c5445)
      return { ...header, palette: bytes.slice(at + 8, at + 8 + view.getUint32(at)) }
  }
  throw new InputError(`${name}: a palette PNG without a palette; the file is damaged`)
}
