// Size and Pillow mode of a TIFF's first image, from its tags; the table follows Pillow's TiffImagePlugin.
import { InputError } from '../../errors.ts'
import type { Mode } from '../pixels.ts'
import type { Header } from './header.ts'

const tag = {
  width: 256,
  height: 257,
  bits: 258,
  compression: 259,
  photometric: 262,
  samples: 277,
  stripOffsets: 273,
  stripBytes: 279,
  colorMap: 320,
  tileOffsets: 324,
  tileBytes: 325,
  extra: 338,
  format: 339,
} as const

/** The mode by photometric interpretation, sample format, bits of each sample, and what extra samples mean. */
const modes: Record<string, Mode> = {
  '0 1 1 -': '1',
  '1 1 1 -': '1',
  '0 1 2 -': 'L',
  '1 1 2 -': 'L',
  '0 1 4 -': 'L',
  '1 1 4 -': 'L',
  '0 1 8 -': 'L',
  '1 1 8 -': 'L',
  '1 1 16 -': 'I;16',
  '1 1 8,8 2': 'LA',
  '2 1 8,8,8 -': 'RGB',
  '2 1 8,8,8,8 2': 'RGBA',
  '2 1 8,8,8,8 -': 'RGBA',
  '2 1 16,16,16 -': 'RGB',
  '2 1 16,16,16,16 2': 'RGBA',
  '3 1 1 -': 'P',
  '3 1 2 -': 'P',
  '3 1 4 -': 'P',
  '3 1 8 -': 'P',
  '5 1 8,8,8,8 -': 'CMYK',
  '6 1 8,8,8 -': 'RGB',
}

/** Bytes of one value, by field type. */
const bytesOf: Record<number, number> = {
  3: 2,
  4: 4,
  5: 8,
  8: 2,
  9: 4,
  10: 8,
  11: 4,
  12: 8,
  13: 4,
  16: 8,
  17: 8,
  18: 8,
}

const readers: Record<number, (view: DataView, at: number, little: boolean) => number> = {
  1: (view, at) => view.getUint8(at),
  2: (view, at, little) => view.getUint16(at, little),
  4: (view, at, little) => view.getUint32(at, little),
  8: (view, at, little) => Number(view.getBigUint64(at, little)),
}

export function tiffHeader(bytes: Uint8Array, name: string): Header {
  const tags = readTags(bytes, name)
  const [width = 0] = tags.get(tag.width) ?? []
  const [height = 0] = tags.get(tag.height) ?? []
  const samples = tags.get(tag.samples)?.[0] ?? 1
  const listed = (tags.get(tag.bits) ?? [1]).slice(0, samples)
  const bits = listed.length === 1 ? Array<number>(Math.min(samples, 8)).fill(listed[0]!) : listed
  const formats = new Set(tags.get(tag.format) ?? [1])
  const photometric = tags.get(tag.photometric)?.[0] ?? 0
  const kind = [photometric, [...formats], bits, tags.get(tag.extra) ?? '-'].join(' ')
  const compressed = (tags.get(tag.compression)?.[0] ?? 1) !== 1
  const mode = bytes[0] === 0x4d && kind === '1 1 16 -' ? (compressed ? undefined : 'I;16B') : modes[kind]
  if (!mode || width < 1 || height < 1) {
    throw new InputError(
      `${name}: a TIFF of ${width}×${height} pixels with the unsupported photometric, sample format, bits and extra samples ${kind}. Convert it to PNG first`,
    )
  }
  checkData(tags, { fileBytes: bytes.length, rowBits: width * bits.reduce((a, b) => a + b, 0), height, name })
  const colors = tags.get(tag.colorMap)
  if (mode !== 'P' || !colors) return { width, height, mode }
  const count = colors.length / 3
  const palette = Uint8Array.from(colors, (_, i) => colors[(i % 3) * count + Math.floor(i / 3)]! >> 8)
  return { width, height, mode, palette }
}

interface Extent {
  fileBytes: number
  rowBits: number
  height: number
  name: string
}

/** sharp fills missing data with black; Pillow refuses it, and so must we. */
function checkData(tags: Map<number, number[]>, { fileBytes, rowBits, height, name }: Extent): void {
  const offsets = tags.get(tag.stripOffsets) ?? tags.get(tag.tileOffsets) ?? []
  const counts = tags.get(tag.stripBytes) ?? tags.get(tag.tileBytes)
  const uncompressed = (tags.get(tag.compression)?.[0] ?? 1) === 1
  const needed = uncompressed ? height * Math.ceil(rowBits / 8) : 1
  const stored = counts?.reduce((sum, count) => sum + count, 0) ?? needed
  if (stored >= needed && offsets.every((offset, i) => offset + (counts?.[i] ?? 0) <= fileBytes)) return
  throw new InputError(`${name}: a TIFF with less data than its image needs; it is cut short or damaged`)
}

/** The numbers of the tags above in the first directory; classic TIFF and BigTIFF, both byte orders. */
function readTags(bytes: Uint8Array, name: string): Map<number, number[]> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const little = bytes[0] === 0x49
  const tagIds = new Set<number>(Object.values(tag))
  const tags = new Map<number, number[]>()
  try {
    const big = view.getUint16(2, little) === 43
    const offset = (at: number) => (big ? Number(view.getBigUint64(at, little)) : view.getUint32(at, little))
    const directory = offset(big ? 8 : 4)
    const count = big ? Number(view.getBigUint64(directory, little)) : view.getUint16(directory, little)
    const size = big ? 20 : 12
    for (let i = 0, at = directory + (big ? 8 : 2); i < count; i++, at += size) {
      const id = view.getUint16(at, little)
      const width = bytesOf[view.getUint16(at + 2, little)] ?? 1
      const length = offset(at + 4)
      const value = at + (big ? 12 : 8)
      const from = length * width <= size - (big ? 12 : 8) ? value : offset(value)
      if (from + length * width > bytes.length) throw new RangeError()
      if (!tagIds.has(id)) continue
      const numbers = Array.from({ length }, (_, k) => readers[width]!(view, from + k * width, little))
      tags.set(id, numbers)
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new InputError(`${name}: a TIFF whose directory is outside the file; it is cut short or damaged`, {
      cause: error,
    })
  }
  return tags
}
