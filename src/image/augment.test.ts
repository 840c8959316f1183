import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { createRandom } from '../random.ts'
import { augment, randomChoices } from './augment.ts'
import { type ColorChange, changeColors } from './color.ts'
import { decode } from './decode.node.ts'
import type { Preprocessing } from './transform.ts'

const fixtures = new URL('../../fixtures/', import.meta.url)
const golden = JSON.parse(readFileSync(new URL('augment.json', fixtures), 'utf8')) as {
  crops: { picture: string; size: number; crop: [number, number, number, number]; sha256: string }[]
  picture: string
  colors: (ColorChange & { sha256: string })[]
  fallbacks: { width: number; height: number; crop: [number, number, number, number] }[]
}
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

const how = (size: number): Preprocessing => ({
  size,
  order: 'openai',
  mode: 'shortest',
  interpolation: 'bicubic',
  mean: [0, 0, 0],
  std: [1, 1, 1],
})

it.each(golden.crops)('$picture: torchvision’s bytes of the crop $crop at $size', async ({ picture, ...crop }) => {
  const image = await decode(readFileSync(new URL(`images/${picture}`, fixtures)))
  const [left, top, width, height] = crop.crop
  const choices = { crop: { left, top, width, height }, flip: false, colors: [] }
  expect(sha256(augment(image, choices, how(crop.size)))).toBe(crop.sha256)
})

it.each(golden.colors)('torchvision’s bytes of a change of colours: %o', (change) => {
  const rgb = new Uint8Array(Buffer.from(golden.picture, 'hex'))
  changeColors(rgb, [change])
  const planes = new Uint8Array(rgb.length)
  for (let i = 0; i < rgb.length; i++) planes[(i % 3) * (rgb.length / 3) + Math.floor(i / 3)] = rgb[i]!
  expect(sha256(planes)).toBe(change.sha256)
})

it.each(golden.fallbacks)('takes the middle of $width×$height, as torchvision', ({ width, height, crop }) => {
  const choices = randomChoices(width, height, {}, createRandom(1)).crop
  expect([choices.left, choices.top, choices.width, choices.height]).toEqual(crop)
})

it('draws crops within the picture, of the areas and ratios asked for', () => {
  const random = createRandom('crops')
  const areas: number[] = []
  for (let i = 0; i < 2000; i++) {
    const { crop } = randomChoices(640, 480, {}, random)
    expect(Number.isInteger(crop.left) && Number.isInteger(crop.top)).toBe(true)
    expect(crop.left >= 0 && crop.left + crop.width <= 640).toBe(true)
    expect(crop.top >= 0 && crop.top + crop.height <= 480).toBe(true)
    areas.push((crop.width * crop.height) / (640 * 480))
    expect(crop.width / crop.height).toBeGreaterThan(0.74)
    expect(crop.width / crop.height).toBeLessThan(1.345)
  }
  expect(Math.min(...areas)).toBeGreaterThan(0.895)
  expect(Math.max(...areas)).toBeGreaterThan(0.98)
})

it('draws colour changes and mirrors as often as asked, and none unasked', () => {
  const random = createRandom('colors')
  const jitter = { brightness: 0.4, contrast: 0, saturation: 0.2, hue: 0.1, probability: 0.8 }
  const many = Array.from({ length: 1000 }, () =>
    randomChoices(64, 64, { flip: 0.5, grayscale: 0.2, colorJitter: jitter }, random),
  )
  const share = (is: (choices: (typeof many)[number]) => boolean) => many.filter(is).length / many.length
  expect(Math.abs(share(({ flip }) => flip) - 0.5)).toBeLessThan(0.05)
  expect(Math.abs(share(({ colors }) => colors.some(({ kind }) => kind === 'grayscale')) - 0.2)).toBeLessThan(0.05)
  expect(Math.abs(share(({ colors }) => colors.some(({ kind }) => kind === 'hue')) - 0.8)).toBeLessThan(0.05)
  expect(new Set(many.map(({ colors }) => colors.map(({ kind }) => kind).join())).size).toBe(14) // 3! orders, gray or not, or none of them
  for (const { colors } of many) {
    for (const change of colors) if (change.kind === 'brightness') expect(Math.abs(change.factor - 1)).toBeLessThan(0.4)
  }
  const plain = randomChoices(64, 64, {}, random)
  expect(plain).toMatchObject({ flip: false, colors: [] })
})

it('mirrors the finished picture', async () => {
  const image = await decode(readFileSync(new URL('images/rgb.png', fixtures)))
  const crop = { left: 0, top: 0, width: image.width, height: image.height }
  const plain = augment(image, { crop, flip: false, colors: [] }, how(16))
  const flipped = augment(image, { crop, flip: true, colors: [] }, how(16))
  for (let row = 0; row < plain.length; row += 16) {
    expect([...flipped.subarray(row, row + 16)]).toEqual([...plain.subarray(row, row + 16)].reverse())
  }
})
