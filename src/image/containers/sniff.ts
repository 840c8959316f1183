// What kind of file some bytes are, by their content and never by a file name.
import { InputError } from '../../errors.ts'

/** The formats that are read, and how the names of their files end. */
export const extensions = {
  jpeg: ['jpg', 'jpeg', 'jpe', 'jfif'],
  png: ['png'],
  webp: ['webp'],
  gif: ['gif'],
  avif: ['avif'],
  tiff: ['tif', 'tiff'],
} as const

/** A format of images that is read. */
export type Format = keyof typeof extensions

/** Signatures as Latin-1 text, `?` for any byte. A table, first match wins. */
const readable: readonly [signature: string, format: Format][] = [
  ['\xff\xd8\xff', 'jpeg'],
  ['\x89PNG\r\n\x1a\n', 'png'],
  ['GIF87a', 'gif'],
  ['GIF89a', 'gif'],
  ['RIFF????WEBP', 'webp'],
  ['II*\0', 'tiff'],
  ['MM\0*', 'tiff'],
  ['II+\0', 'tiff'],
  ['MM\0+', 'tiff'],
]

const refused: readonly [signature: string, name: string][] = [
  ['BM', 'a BMP image'],
  ['%PDF', 'a PDF document'],
  ['\xff\x0a', 'a JPEG XL image'],
  ['\0\0\0\x0cJXL ', 'a JPEG XL image'],
  ['\0\0\0\x0cjP  ', 'a JPEG 2000 image'],
  ['\xff\x4f\xff\x51', 'a JPEG 2000 image'],
  ['8BPS', 'a Photoshop document'],
  ['\0\0\x01\0', 'an icon (ICO)'],
  ['PK\x03\x04', 'a ZIP archive'],
  ['\x1f\x8b', 'a gzip archive'],
  ['\x1aE\xdf\xa3', 'a video'],
]

/** Refused formats that hold an image and can be converted. */
const drawable = /^a .*image|PDF|Photoshop|icon|SVG/

const supported = 'JPEG, PNG, WebP, AVIF, GIF and TIFF are read'

/** The format of an image, or an InputError that names what the bytes are instead. */
export function sniff(bytes: Uint8Array, name: string): Format {
  if (bytes.length === 0) throw new InputError(`${name}: the file is empty; ${supported}`)
  const head = latin1(bytes.subarray(0, 64))
  const match = readable.find(([signature]) => matches(head, signature))
  if (match) return match[1]
  if (head.slice(4, 8) === 'ftyp') return container(bytes, head, name)
  const what = refused.find(([signature]) => matches(head, signature))?.[1] ?? text(bytes)
  const advice = what && drawable.test(what) ? 'Convert it to PNG first' : 'Check that this is the right file'
  throw new InputError(`${name}: this is ${what ?? 'not an image of a known kind'}; ${supported}. ${advice}`)
}

/** AVIF, HEIC and videos share one container; their brands differ. */
function container(bytes: Uint8Array, head: string, name: string): Format {
  const end = Math.min(64, new DataView(bytes.buffer, bytes.byteOffset).getUint32(0))
  const brands = [head.slice(8, 12), ...(head.slice(16, end).match(/.{4}/gs) ?? [])]
  if (brands.some((brand) => brand === 'avif' || brand === 'avis')) return 'avif'
  const heic = brands.some((brand) => /^(hei[cxms]|hev[cxms]|mif1|msf1)$/.test(brand))
  throw new InputError(`${name}: this is ${heic ? 'a HEIC image' : 'a video'}; ${supported}. Convert it to JPEG first`)
}

function text(bytes: Uint8Array): string | undefined {
  const start = latin1(bytes.subarray(0, 1024))
    .replace(/^\xef\xbb\xbf/, '')
    .trimStart()
    .toLowerCase()
  if (/^(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*(<!doctype svg[^>]*>\s*)?<svg/s.test(start)) return 'an SVG drawing'
  if (start.startsWith('<!doctype html') || start.startsWith('<html')) return 'an HTML page (perhaps a failed download)'
  if (start.startsWith('<?xml')) return 'an XML document'
  if (start !== '' && !/[^\t\n\r\x20-\x7e\x80-\xff]/.test(start)) return 'text, not an image'
  return undefined
}

function matches(head: string, signature: string): boolean {
  for (let i = 0; i < signature.length; i++) if (signature[i] !== '?' && signature[i] !== head[i]) return false
  return true
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes)
}
