// Images that are broken or inconsistent, and files that are not images: each is refused with a sentence, in bounded time
// and memory. Images that are odd but valid give the reference's bytes.

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { crc32, deflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { InputError } from '../../src/errors.ts'
import { decode } from '../../src/image/decode.node.ts'
import { type Preprocessing, preprocess } from '../../src/image/transform.ts'

const fixtures = new URL('../../fixtures/images/', import.meta.url)
const fixture = (name: string) => readFileSync(new URL(name, fixtures))

const seconds = 30
const megabytes = 400

/** Decoding refuses with an InputError of one sentence, soon and without taking much memory. */
async function refused(bytes: Uint8Array, says: RegExp = /./): Promise<void> {
  const began = performance.now()
  const before = process.memoryUsage().rss
  const error = await decode(bytes, { name: 'picture' }).then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(error).toBeInstanceOf(InputError)
  expect((error as Error).message).toMatch(/^picture: [^\n]{10,400}$/)
  expect((error as Error).message).toMatch(says)
  expect((performance.now() - began) / 1000).toBeLessThan(seconds)
  expect((process.memoryUsage().rss - before) / 2 ** 20).toBeLessThan(megabytes)
}

const latin1 = (text: string) => Buffer.from(text, 'latin1')

function changed(name: string, change: (bytes: Buffer) => void): Buffer {
  const bytes = fixture(name)
  change(bytes)
  return bytes
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([latin1(type), data])
  const chunk = Buffer.alloc(body.length + 8)
  chunk.writeUInt32BE(data.length)
  body.copy(chunk, 4)
  chunk.writeUInt32BE(crc32(body), body.length + 4)
  return chunk
}

interface PngOptions {
  width: number
  height: number
  bits?: number
  color?: number
  data: Uint8Array
  extra?: Buffer[]
}

function png({ width, height, bits = 8, color = 0, data, extra = [] }: PngOptions): Buffer {
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, bits, color, 0, 0, 0])
  header.writeUInt32BE(width)
  header.writeUInt32BE(height, 4)
  const parts = [chunk('IHDR', header), ...extra, chunk('IDAT', deflateSync(data)), chunk('IEND', Buffer.alloc(0))]
  return Buffer.concat([latin1('\x89PNG\r\n\x1a\n'), ...parts])
}

/** A little-endian TIFF of one strip; entries are [tag, type, value]. */
function tiff(entries: [tag: number, type: number, value: number][], next = 0): Buffer {
  const bytes = Buffer.alloc(8 + 2 + entries.length * 12 + 4 + 16)
  bytes.write('II*\0', 'latin1')
  bytes.writeUInt32LE(8, 4)
  bytes.writeUInt16LE(entries.length, 8)
  for (const [i, [tag, type, value]] of entries.entries()) {
    const at = 10 + i * 12
    bytes.writeUInt16LE(tag, at)
    bytes.writeUInt16LE(type, at + 2)
    bytes.writeUInt32LE(1, at + 4)
    bytes.writeUInt32LE(value, at + 8)
  }
  bytes.writeUInt32LE(next, 10 + entries.length * 12)
  return bytes
}

const grayTiff = (width: number, height: number, more: [number, number, number][] = []) => {
  const at = 8 + 2 + (8 + more.length) * 12 + 4
  const entries: [number, number, number][] = [
    [256, 4, width],
    [257, 4, height],
    [258, 3, 8],
    [259, 3, 1],
    [262, 3, 1],
    [273, 4, at],
    [277, 3, 1],
    [279, 4, 16],
    ...more,
  ]
  return tiff(entries)
}

const halve = (bytes: Buffer, at: number) => bytes.writeUInt32LE(bytes.readUInt32LE(at) >> 1, at)

function randomBytes(length: number, seed: number): Buffer {
  let state = seed
  const next = () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
    return state >> 16
  }
  return Buffer.from(Array.from({ length }, next))
}

describe('cut short', () => {
  const names = [
    '420.jpg',
    'progressive.jpg',
    'gray.jpg',
    'cmyk.jpg',
    'rgb.png',
    'interlaced.png',
    'palette.png',
    'sixteen.png',
    'lossy.webp',
    'lossless.webp',
    'alpha.webp',
    'lossy.avif',
    'palette.gif',
    'interlaced.gif',
    'rgb.tif',
    'rgb-lzw.tif',
    'jpeg.tif',
  ]
  for (const name of names) {
    it.each([0.02, 0.1, 0.25, 0.4, 0.55, 0.7, 0.85, 0.95])(`${name} at %d of its length`, async (part) => {
      const bytes = fixture(name)
      await refused(bytes.subarray(0, Math.floor(bytes.length * part)))
    })
  }
})

describe('content that does not match the file name', () => {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'
  const entities = '<!DOCTYPE svg [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
  const cases: [string, Uint8Array, RegExp][] = [
    ['nothing', Buffer.alloc(0), /empty/],
    ['an HTML page', latin1('<!DOCTYPE html><title>404</title>'), /HTML/],
    ['an HTML page with spaces before it', latin1('\n\n  <html><body>no</body></html>'), /HTML/],
    ['an SVG', latin1(svg), /SVG/],
    ['an SVG with a declaration', latin1(`<?xml version="1.0"?>\n<!-- made by hand -->\n${svg}`), /SVG/],
    ['an SVG with entities', latin1(`<?xml version="1.0"?>${entities}${svg}`), /SVG|XML/],
    ['XML', latin1('<?xml version="1.0"?><feed/>'), /XML/],
    ['a PDF', latin1('%PDF-1.7\n1 0 obj'), /PDF/],
    ['HEIC', latin1('\0\0\0\x18ftypheic\0\0\0\0mif1heic'), /HEIC/],
    ['HEIC by its second brand', latin1('\0\0\0\x18ftypmif1\0\0\0\0mif1heic'), /HEIC/],
    ['a video', latin1('\0\0\0\x18ftypisom\0\0\0\0isommp42'), /video/],
    ['BMP', latin1('BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0'), /BMP/],
    ['JPEG XL', latin1('\xff\x0a\xfa\x7f\x01\x90\x08\x06'), /JPEG XL/],
    ['JPEG 2000', latin1('\0\0\0\x0cjP  \r\n\x87\n\0\0\0\x14ftypjp2 '), /JPEG 2000/],
    ['a Photoshop document', latin1('8BPS\0\x01\0\0\0\0\0\0\0\x03'), /Photoshop/],
    ['an icon', latin1('\0\0\x01\0\x01\0\x10\x10'), /icon/],
    ['a ZIP', latin1('PK\x03\x04\x14\0\0\0\x08\0'), /ZIP/],
    ['gzip', latin1('\x1f\x8b\x08\0\0\0\0\0\0\x03'), /gzip/],
    ['text', latin1('a photo of a cat\n'), /text/],
    ['one byte', Buffer.from([0xff]), /./],
    ['zeros', Buffer.alloc(4096), /not an image/],
    ['noise', randomBytes(4096, 1), /not an image/],
    ['a JPEG signature alone', Buffer.from([0xff, 0xd8, 0xff]), /JPEG/],
    ['a PNG signature alone', latin1('\x89PNG\r\n\x1a\n'), /PNG/],
    ['a GIF signature alone', latin1('GIF89a'), /GIF/],
    ['a TIFF signature alone', latin1('II*\0'), /TIFF/],
    ['a WebP signature alone', latin1('RIFF\x04\0\0\0WEBP'), /WEBP/],
    ['an AVIF brand alone', latin1('\0\0\0\x18ftypavif\0\0\0\0mif1avif'), /AVIF/],
    [
      'noise after a JPEG signature',
      Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), randomBytes(999, 2)]),
      /JPEG/,
    ],
    ['noise after a PNG signature', Buffer.concat([latin1('\x89PNG\r\n\x1a\n'), randomBytes(999, 3)]), /PNG/],
    ['noise after a WebP signature', Buffer.concat([latin1('RIFF\xff\0\0\0WEBP'), randomBytes(999, 4)]), /WEBP/],
  ]
  it.each(cases)('%s', async (_, bytes, says) => refused(bytes, says))
})

describe('false headers', () => {
  const rows = Buffer.alloc(65 * 64)
  const cases: [string, Uint8Array][] = [
    ['a PNG taller than its data', png({ width: 64, height: 640, data: rows })],
    ['a PNG wider than its data', png({ width: 6400, height: 64, data: rows })],
    ['a PNG of no width', png({ width: 0, height: 64, data: rows })],
    ['a PNG of no height', png({ width: 64, height: 0, data: rows })],
    ['a PNG of 3 bits', png({ width: 64, height: 64, bits: 3, data: rows })],
    ['a PNG of a colour type that does not exist', png({ width: 64, height: 64, color: 5, data: rows })],
    ['a palette PNG without a palette', png({ width: 64, height: 64, color: 3, data: rows })],
    ['a PNG with a filter that does not exist', png({ width: 64, height: 64, data: Buffer.alloc(65 * 64, 9) })],
    ['a PNG without data', png({ width: 64, height: 64, data: Buffer.alloc(0) })],
    ['a PNG whose header has a wrong checksum', changed('rgb.png', (b) => b.writeUInt32BE(1, 29))],
    [
      'a PNG whose palette has a wrong checksum',
      changed('palette.png', (b) => b.writeUInt32BE(1, b.indexOf('IDAT') - 8)),
    ],
    ['a PNG whose chunk says 4 GB', changed('rgb.png', (b) => b.writeUInt32BE(0xffffffff, b.indexOf('IDAT') - 4))],
    ['a JPEG of no width', changed('420.jpg', (b) => b.writeUInt16BE(0, b.indexOf('\xff\xc0', 0, 'latin1') + 7))],
    [
      'a TIFF whose strip says half its length',
      changed('rgb-lzw.tif', (b) => halve(b, b.indexOf('\x17\x01\x04\0\x01\0\0\0', 0, 'latin1') + 8)),
    ],
    ['a JPEG of 12 bits', changed('420.jpg', (b) => b.writeUInt8(12, b.indexOf('\xff\xc0', 0, 'latin1') + 4))],
    ['a JPEG of 5 components', changed('420.jpg', (b) => b.writeUInt8(5, b.indexOf('\xff\xc0', 0, 'latin1') + 9))],
    [
      'a GIF whose frame is larger than its data',
      changed('palette.gif', (b) => b.writeUInt16LE(9999, b.indexOf(',\0\0\0\0') + 7)),
    ],
    ['a GIF with a code size of 12', changed('palette.gif', (b) => b.writeUInt8(12, b.indexOf(',\0\0\0\0') + 10))],
    [
      'a GIF with noise for data',
      changed('palette.gif', (b) => randomBytes(600, 5).copy(b, b.indexOf(',\0\0\0\0') + 12)),
    ],
    ['a WebP whose size is wrong', changed('lossy.webp', (b) => b.writeUInt32LE(99, 4))],
    ['a TIFF of no width', grayTiff(0, 4)],
    ['a TIFF larger than its data', grayTiff(4000, 4000)],
    ['a TIFF of a sample format that is not read', grayTiff(4, 4, [[339, 3, 3]])],
    ['a TIFF whose directory is the end of the file', changed('rgb.tif', (b) => b.writeUInt32LE(b.length - 1, 4))],
    ['a TIFF whose directory is elsewhere', changed('rgb.tif', (b) => b.writeUInt32LE(0xfffffff0, 4))],
    ['a TIFF of 65,535 entries', changed('rgb.tif', (b) => b.writeUInt16LE(0xffff, b.readUInt32LE(4)))],
    ['a TIFF without a size', tiff([[262, 3, 1]])],
    ['an AVIF whose boxes are noise', changed('lossy.avif', (b) => randomBytes(200, 6).copy(b, 40))],
  ]
  it.each(cases)('%s', async (_, bytes) => refused(bytes))
})

describe('bombs', () => {
  const nothing = Buffer.alloc(1000)
  const webp = () => {
    const bytes = fixture('lossless.webp')
    const at = bytes.indexOf('VP8L') + 9
    bytes.writeUInt32LE((bytes.readUInt32LE(at) & 0xf0000000) | 0x0fffffff, at)
    return bytes
  }
  const screen = (b: Buffer) => b.writeUInt32LE(0xffffffff, 6)
  const frame = (b: Buffer) => b.writeUInt32LE(0xffffffff, b.indexOf(',\0\0\0\0') + 5)
  const cases: [string, Uint8Array, RegExp][] = [
    ['a PNG of 60000×60000', png({ width: 60000, height: 60000, data: nothing }), /3600000000 pixels/],
    ['a PNG of 60000×60000 in one bit', png({ width: 60000, height: 60000, bits: 1, data: nothing }), /pixels/],
    ['a PNG of 2147483647×2147483647', png({ width: 2 ** 31 - 1, height: 2 ** 31 - 1, data: nothing }), /pixels/],
    ['a PNG of 178000000×1', png({ width: 178000000, height: 1, data: nothing }), /./],
    ['a PNG of 1×178000000', png({ width: 1, height: 178000000, data: nothing }), /./],
    ['a GIF with a screen of 65535×65535', changed('palette.gif', screen), /pixels/],
    ['a GIF with a frame of 65535×65535', changed('palette.gif', frame), /pixels/],
    ['a TIFF of 60000×60000', grayTiff(60000, 60000), /./],
    ['a TIFF of 4294967295×4294967295', grayTiff(0xffffffff, 0xffffffff), /./],
    ['a WebP of 16384×16384', webp(), /./],
    [
      'a JPEG of 65535×65535',
      changed('420.jpg', (b) => b.writeUInt32BE(0xffffffff, b.indexOf('\xff\xc0', 0, 'latin1') + 5)),
      /pixels/,
    ],
    ['a progressive JPEG of 2,000 scans', manyScans(2000), /./],
  ]
  it.each(cases)('%s', async (_, bytes, says) => refused(bytes, says))

  it('the limit can be lowered and raised', async () => {
    const bytes = fixture('rgb.png')
    await expect(decode(bytes, { maxPixels: 1000 })).rejects.toThrow(/61×45 is 2745 pixels.*raise `maxPixels`/)
    await expect(decode(bytes, { maxPixels: 2745 })).resolves.toMatchObject({ width: 61 })
  })

  it('a PNG with 64 MB of text in 64 kB is decoded', async () => {
    const text = Buffer.concat([latin1('Comment\0\0'), deflateSync(Buffer.alloc(64 << 20, 65))])
    const before = process.memoryUsage().rss
    const image = await decode(png({ width: 8, height: 8, data: Buffer.alloc(72), extra: [chunk('zTXt', text)] }))
    expect(image).toMatchObject({ mode: 'L', width: 8, height: 8 })
    expect((process.memoryUsage().rss - before) / 2 ** 20).toBeLessThan(megabytes)
  })

  it('the first image of a TIFF with circular directories is decoded', async () => {
    const at = 8 + 2 + 8 * 12
    const bytes = grayTiff(4, 4)
    bytes.writeUInt32LE(8, at)
    await expect(decode(bytes)).resolves.toMatchObject({ mode: 'L', width: 4, height: 4 })
  })
})

/** A progressive JPEG that repeats its last scan: each repetition is a pass over the whole image. */
function manyScans(count: number): Buffer {
  const bytes = fixture('progressive.jpg')
  const last = bytes.lastIndexOf('\xff\xda', undefined, 'latin1')
  const scan = bytes.subarray(last, bytes.length - 2)
  return Buffer.concat([bytes.subarray(0, last), ...Array<Buffer>(count).fill(scan), bytes.subarray(bytes.length - 2)])
}

it('never crashes or hangs on 600 images with random bytes changed', async () => {
  const names = [
    '420.jpg',
    'progressive.jpg',
    'rgb.png',
    'lossless.webp',
    'lossy.avif',
    'palette.gif',
    'rgb-lzw.tif',
    'jpeg.tif',
  ]
  for (let i = 0; i < 600; i++) {
    const places = randomBytes(20, i + 1)
    const bytes = changed(names[i % names.length]!, (b) => {
      for (let k = 0; k < 16; k += 3) b[((places[k]! << 8) | places[k + 1]!) % b.length] = places[k + 2]!
    })
    const error = await decode(bytes).then(
      () => undefined,
      (error: unknown) => error,
    )
    if (error !== undefined) expect(error).toBeInstanceOf(InputError)
  }
})

describe('odd but valid', () => {
  const { extremes, ways, mean, std } = JSON.parse(readFileSync(new URL('manifest.json', fixtures), 'utf8')) as {
    extremes: Record<string, string>
    ways: Preprocessing[]
    mean: [number, number, number]
    std: [number, number, number]
  }

  it.each(Object.entries(extremes))('%s pixels: the reference’s bytes', async (name, expected) => {
    const [width, height] = name.split('x').map(Number) as [number, number]
    const rows = Array.from({ length: height }, (_, y) => [
      0,
      ...Array.from({ length: width }, (_, x) => ((x + y) * 7) % 256),
    ])
    const image = await decode(png({ width, height, data: Buffer.from(rows.flat()) }))
    const pixels = preprocess(image, { ...ways[0]!, mean, std })
    expect(createHash('sha256').update(pixels).digest('hex')).toBe(expected)
  })

  it('a PNG that is called .jpg', async () => {
    expect(await decode(fixture('a-png.jpg'))).toEqual(await decode(fixture('palette.png')))
  })

  it('a damaged file that Pillow reads', async () => {
    const checksum = changed('rgb.png', (b) => b.writeUInt32BE(1, b.indexOf('IEND') - 8))
    expect(await decode(checksum)).toEqual(await decode(fixture('rgb.png')))
    const tall = changed('420.jpg', (b) => b.writeUInt16BE(4500, b.indexOf('\xff\xc0', 0, 'latin1') + 5))
    const { data } = await decode(tall)
    const pillow = '58ffaa5de41797f3270e9376a35390599dae424b323350e3623eb17a96e3f343'
    expect(createHash('sha256').update(data).digest('hex')).toBe(pillow)
  })

  it('bytes after the end of an image', async () => {
    for (const name of ['420.jpg', 'rgb.png', 'palette.gif', 'rgb.tif']) {
      expect(await decode(Buffer.concat([fixture(name), randomBytes(100, 9)]))).toEqual(await decode(fixture(name)))
    }
  })
})
