// An image's size and mode from its file's header, before decoding; and the reader of JPEG headers.
import { InputError } from '../../errors.ts'
import type { Mode } from '../pixels.ts'

export interface Header {
  width: number
  height: number
  mode: Mode
  /** Three bytes a colour, if the mode is `P`. */
  palette?: Uint8Array
}

/** JPEG: the frame header says size and number of components. */
export function jpegHeader(bytes: Uint8Array, name: string): Header {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  for (let at = 2; at + 10 <= bytes.length; ) {
    if (bytes[at] !== 0xff) {
      at++ // Pillow too skips bytes between segments
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
    if (bits !== 8) throw new InputError(`${name}: a JPEG of ${bits} bits a sample; only 8 can be read`)
    if (!mode) throw new InputError(`${name}: a JPEG of ${components} components; expected 1, 3 or 4`)
    return { width: view.getUint16(at + 7), height: view.getUint16(at + 5), mode }
  }
  throw new InputError(`${name}: a JPEG without an image in it; the file is cut short or damaged`)
}
