import { readFileSync } from 'node:fs'
import sharp, { type JpegOptions } from 'sharp'
import { expect, it } from 'vitest'
import { jpegHeader } from './containers/header.ts'
import { decode } from './decode.node.ts'
import { decodeSmallJpeg } from './small-jpeg.node.ts'

/** A JPEG of noise over a slope. */
function jpeg(width: number, height: number, options: JpegOptions, gray = false): Promise<Buffer> {
  const noise = (i: number) => ((i * 2654435761) >>> 24) / 2 + ((i / width) % 128)
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => noise(i))
  const image = sharp(data, { raw: { width, height, channels: 3 } })
  return (gray ? image.grayscale() : image).jpeg(options).toBuffer()
}

const small = (bytes: Uint8Array) => decodeSmallJpeg(bytes, jpegHeader(bytes, 'x'))

it('gives sharp’s bytes for every size, quality and kind', async () => {
  for (let i = 0; i < 60; i++) {
    const options: JpegOptions = {
      quality: 20 + i,
      chromaSubsampling: i % 2 ? '4:2:0' : '4:4:4',
      progressive: i % 3 === 0,
      optimiseCoding: i % 5 === 0,
    }
    const bytes = await jpeg(1 + ((i * 37) % 190), 1 + ((i * 53) % 190), options, i % 7 === 0)
    const expected = await sharp(bytes).raw().toBuffer({ resolveWithObject: true })
    const found = (await small(bytes))!
    expect([found.width, found.height]).toEqual([expected.info.width, expected.info.height])
    // sharp spreads gray over three channels.
    const step = found.mode === 'L' ? expected.info.channels : 1
    expect(
      Buffer.compare(
        found.data,
        expected.data.filter((_, k) => k % step === 0),
      ),
    ).toBe(0)
  }
})

it('leaves large, CMYK and damaged images to sharp, and works afterwards', async () => {
  const fixture = (name: string) => readFileSync(new URL(`../../fixtures/images/${name}`, import.meta.url))
  expect(await small(fixture('large.jpg'))).toBeUndefined()
  expect(await small(fixture('cmyk.jpg'))).toBeUndefined()
  const good = await jpeg(60, 40, {})
  const expected = await small(good)
  expect(expected).toBeDefined()
  for (let length = good.length - 2; length > 700; length -= 97) {
    expect(await small(good.subarray(0, length))).toBeUndefined()
    await expect(decode(good.subarray(0, length))).rejects.toThrow('this JPEG is damaged, cut short')
    expect(await small(good)).toEqual(expected)
  }
})

it('refuses and reads damaged files as sharp alone does', async () => {
  const good = await jpeg(60, 40, { quality: 90 })
  let read = 0
  for (let i = 0; i < 80; i++) {
    const damaged = Buffer.from(good)
    damaged[620 + ((i * 7919) % (good.length - 640))]! ^= 1 << (i % 8)
    const found = await small(damaged)
    if (!found) continue
    read++
    const expected = await sharp(damaged, { failOn: 'error' }).raw().toBuffer()
    expect(Buffer.compare(found.data, expected)).toBe(0)
  }
  expect(read).toBeGreaterThan(5)
})
