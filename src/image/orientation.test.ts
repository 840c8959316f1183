import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { sniff } from './containers/sniff.ts'
import { decode } from './decode.node.ts'
import { exifOrientation } from './orientation.ts'

const fixtures = new URL('../../fixtures/', import.meta.url)
const read = (name: string): Uint8Array => readFileSync(new URL(name, fixtures))
const golden: Record<string, number> = JSON.parse(
  readFileSync(new URL('orientation/orientation.json', fixtures), 'utf8'),
)

it('is the value that Pillow reads', () => {
  for (const [name, tag] of Object.entries(golden)) {
    const bytes = read(name)
    const format = sniff(bytes, name)
    // A TIFF is turned while it is decoded, and a number above 8 turns nothing.
    expect(exifOrientation(bytes, format), name).toBe(format === 'tiff' || tag > 8 ? 1 : tag)
  }
})

it('is returned with unrotated pixels, and not with rotated ones', async () => {
  for (const [name, tag] of Object.entries(golden)) {
    const bytes = read(name)
    const asStored = await decode(bytes)
    const upright = await decode(bytes, { exifRotate: true })
    const turned = tag > 1 && tag < 9 && !name.endsWith('.tif')
    expect(asStored.orientation, name).toBe(turned ? tag : undefined)
    expect(upright.orientation, name).toBeUndefined()
    const sideways = turned && tag > 4
    expect([upright.width, upright.height], name).toEqual(
      sideways ? [asStored.height, asStored.width] : [asStored.width, asStored.height],
    )
  }
})

it('is 1 if the header is cut short', () => {
  const whole = read('orientation/big-endian.jpg')
  for (let length = 3; length < 120; length++) {
    expect([1, 6]).toContain(exifOrientation(whole.subarray(0, length), 'jpeg'))
  }
})

it('rotates a PNG the same way wherever its EXIF block is stored', async () => {
  const plain = await decode(read('orientation/after-data.png'))
  // Where the pixel at (x, y) comes from; a PNG's size is 20×12 as stored.
  const from: Record<string, (x: number, y: number) => [number, number]> = {
    'after-data.png': (x, y) => [y, 11 - x],
    'before-data.png': (x, y) => [y, x],
  }
  for (const [name, source] of Object.entries(from)) {
    const turned = await decode(read(`orientation/${name}`), { exifRotate: true })
    expect([turned.width, turned.height]).toEqual([12, 20])
    for (const [x, y] of [
      [0, 0],
      [11, 0],
      [3, 17],
      [11, 19],
    ] as const) {
      const [sx, sy] = source(x, y)
      const [at, was] = [3 * (y * 12 + x), 3 * (sy * 20 + sx)]
      expect(turned.data.slice(at, at + 3), `${name} ${x},${y}`).toEqual(plain.data.slice(was, was + 3))
    }
  }
})
