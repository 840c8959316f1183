// Decodes a file's bytes to the pixels that Pillow's `Image.open` would hold. sharp decodes; colour profiles are ignored,
// as in the reference, and the mode comes from the file's own header.
import type { Sharp, SharpOptions } from 'sharp'
import { InputError } from '../errors.ts'
import { avifTurn, type Turn } from './containers/avif-orientation.ts'
import { decodeGif } from './containers/gif.ts'
import { type Header, jpegHeader } from './containers/header.ts'
import { pngHeader } from './containers/png-header.ts'
import { type Format, sniff } from './containers/sniff.ts'
import { tiffHeader } from './containers/tiff-header.ts'
import { exifOrientation } from './orientation.ts'
import { channelsOf, type Mode, type Part, type Pixels } from './pixels.ts'
import { decodeSmallJpeg } from './small-jpeg.node.ts'

/** Above this Pillow raises DecompressionBombError: twice its MAX_IMAGE_PIXELS, a quarter of a gigabyte of RGB. */
export const defaultMaxPixels = 178_956_970

/** Which images are refused, and whether they are turned upright. */
export interface DecodeOptions {
  /** Images of more pixels are refused before they are decoded. Default: 178,956,970. */
  maxPixels?: number | undefined
  /** Turns the image upright by its EXIF orientation. The reference does not; TIFF is turned either way, as Pillow does. */
  exifRotate?: boolean | undefined
  /** The part of an image of this size that is needed. Only that part of a JPEG is then held in memory. */
  part?: ((width: number, height: number) => Part) | undefined
  /** The image's name in errors. */
  name?: string | undefined
}

/** @throws InputError for a file that is not an image, is damaged, cut short or too large */
export async function decode(bytes: Uint8Array, options: DecodeOptions = {}): Promise<Pixels> {
  const { maxPixels = defaultMaxPixels, exifRotate = false, name = 'image' } = options
  const format = sniff(bytes, name)
  const check = (width: number, height: number) => {
    if (width < 1 || height < 1) throw new InputError(`${name}: ${width}×${height} pixels; the file is damaged`)
    if (width * height <= maxPixels) return
    throw new InputError(
      `${name}: ${width}×${height} is ${width * height} pixels, more than the ${maxPixels} allowed; raise \`maxPixels\` if you trust the file`,
      { option: 'maxPixels' },
    )
  }
  if (format === 'gif') return decodeGif(bytes, name, check)
  const orientation = exifRotate ? 1 : exifOrientation(bytes, format)
  const notTurned = orientation === 1 ? {} : { orientation }
  try {
    const parsed = headers[format]?.(bytes, name)
    if (parsed && format === 'jpeg' && !exifRotate) {
      check(parsed.width, parsed.height)
      const small = await decodeSmallJpeg(bytes, parsed)
      if (small) return { ...small, ...notTurned }
    }
    const open = await opener(bytes, format, maxPixels)
    const header = parsed ?? (await sharpHeader(open()))
    check(header.width, header.height)
    const part = format === 'jpeg' && !exifRotate ? options.part?.(header.width, header.height) : undefined
    if (part) return { ...header, ...notTurned, part, data: (await read(open().extract(part), header)).data }
    return { ...(await read(turn(open(), bytes, format, exifRotate), header)), ...notTurned }
  } catch (error) {
    if (error instanceof InputError) throw error
    const reason = (error as Error).message.split('\n')[0]
    throw new InputError(
      `${name}: this ${format.toUpperCase()} is damaged, cut short or of an unsupported kind (${reason})`,
      { cause: error },
    )
  }
}

const headers: Partial<Record<Format, (bytes: Uint8Array, name: string) => Header>> = {
  jpeg: jpegHeader,
  png: pngHeader,
  tiff: tiffHeader,
}

/** Opens these bytes with sharp, which is loaded only here: loading it takes longer than decoding a small image. */
async function opener(bytes: Uint8Array, format: Format, maxPixels: number): Promise<() => Sharp> {
  const { default: sharp } = await import('sharp')
  // As strict as Pillow, which ignores libjpeg's warnings and the checksum of a PNG's data.
  const failOn = format === 'png' ? 'truncated' : 'error'
  const options: SharpOptions = { ignoreIcc: true, failOn, limitInputPixels: maxPixels }
  return () => sharp(bytes, options)
}

/**
 * Images stay as they are stored unless `exifRotate` is set, as in the reference. Two formats differ: Pillow turns TIFF
 * while it decodes, so TIFF is always turned; sharp always turns AVIF, which is undone without `exifRotate`.
 */
function turn(image: Sharp, bytes: Uint8Array, format: Format, exifRotate: boolean): Sharp {
  if (format === 'avif') return exifRotate ? image : undo(image, avifTurn(bytes))
  if (format === 'png') return exifRotate ? upright(image, exifOrientation(bytes, format)) : image
  return exifRotate || format === 'tiff' ? image.autoOrient() : image
}

/** Applies the orientation itself, because libvips reads a PNG's EXIF block only if it is stored before the image data. */
function upright(image: Sharp, orientation: number): Sharp {
  const mirrored = [2, 4, 5, 7].includes(orientation) ? image.flop() : image
  return mirrored.rotate({ 3: 180, 4: 180, 5: 270, 6: 90, 7: 90, 8: 270 }[orientation] ?? 0)
}

/** Mirrors first, then rotates clockwise, whatever the order of the calls: sharp's own order is the one needed. */
function undo(image: Sharp, { quarters, mirror }: Turn): Sharp {
  const back = image.rotate(90 * quarters)
  return mirror === 'vertical' ? back.flip() : mirror === 'horizontal' ? back.flop() : back
}

/** WebP and AVIF are RGB or RGBA; sharp reports which. */
async function sharpHeader(image: Sharp): Promise<Header> {
  const { width, height, hasAlpha } = await image.metadata()
  return { width, height, mode: hasAlpha ? 'RGBA' : 'RGB' }
}

/** Asks sharp for the samples of a mode as the file stores them. */
const asStored: Partial<Record<Mode, (image: Sharp) => Sharp>> = {
  CMYK: (image) => image.pipelineColourspace('cmyk').toColourspace('cmyk'),
  'I;16': sixteen,
  'I;16B': sixteen,
}

function sixteen(image: Sharp): Sharp {
  return image.pipelineColourspace('grey16').toColourspace('grey16')
}

async function read(image: Sharp, { mode, palette }: Header): Promise<Pixels> {
  const depth = asStored[mode] === sixteen ? 'ushort' : 'uchar'
  const { data, info } = await (asStored[mode]?.(image) ?? image).raw({ depth }).toBuffer({ resolveWithObject: true })
  const { width, height, channels } = info
  const channelCount = channelsOf[mode]
  const pixels: Pixels = { mode, width, height, data, ...(palette && { palette }) }
  if (mode === 'I;16B') data.swap16()
  if (channels === channelCount || depth === 'ushort') return pixels

  // sharp spreads gray over three channels, and adds one if the file names a transparent colour.
  const hasAlpha = channels === 4 || channels === 2
  const ownAlpha = mode === 'LA' || mode === 'RGBA'
  const colors = Array.from({ length: ownAlpha ? channelCount - 1 : channelCount }, (_, c) => c)
  pixels.data = pick(data, channels, ownAlpha ? [...colors, channels - 1] : colors)
  if (hasAlpha && !ownAlpha) pixels.opacity = pick(data, channels, [channels - 1])
  return pixels
}

/** Some channels of interleaved pixels. */
function pick(data: Uint8Array, channels: number, which: readonly number[]): Uint8Array {
  const result = new Uint8Array((data.length / channels) * which.length)
  for (let i = 0, o = 0; i < data.length; i += channels) for (const c of which) result[o++] = data[i + c]!
  return result
}
