import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { downFirst } from './geometry.ts'
import { resample } from './resample.ts'
import { sourceHash } from './resample-kernel.ts'

it('runs the kernel compiled from resample.wat (else run fixtures/make/kernel.sh)', () => {
  const source = readFileSync(new URL('resample.wat', import.meta.url))
  expect(createHash('sha256').update(source).digest('hex')).toBe(sourceHash)
})

it('gives the same pixels for a part as for the full image', () => {
  const [width, height] = [131, 67]
  const source = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * i * 31) >> 3)
  const read = (y: number, first: number, into: Uint8Array) => {
    into.set(source.subarray((y * width + first) * 3, (y * width + first) * 3 + into.length))
  }
  const axis = (from: number, to: number, start = 0, count = to) => ({ from, to, start, count })
  const how = { channels: 3, interpolation: 'bicubic' } as const
  const whole = resample(read, { ...how, horizontal: axis(width, 40), vertical: axis(height, 90) })
  const part = resample(read, { ...how, horizontal: axis(width, 40, 7, 11), vertical: axis(height, 90, 50, 3) })
  const cut = [50, 51, 52].flatMap((y) => [...whole.subarray((y * 40 + 7) * 3, (y * 40 + 18) * 3)])
  expect([...part]).toEqual(cut)
})

it('does not change an image that has the target size', () => {
  const source = Uint8Array.from({ length: 25 }, (_, i) => i * 10)
  const axis = { from: 5, to: 5, start: 0, count: 5 }
  const read = (y: number, first: number, into: Uint8Array) =>
    into.set(source.subarray(y * 5 + first, y * 5 + first + into.length))
  const result = resample(read, { channels: 1, horizontal: axis, vertical: axis, interpolation: 'bilinear' })
  expect(result).toEqual(source)
})

it('filters down the columns first when Pillow 13 does', () => {
  const axis = (from: number, to: number) => ({ from, to, start: 0, count: to })
  expect(downFirst(axis(3000, 224), axis(4000, 298))).toBe(false)
  expect(downFirst(axis(300, 224), axis(977, 729))).toBe(true)
  expect(downFirst(axis(100, 115), axis(50, 50))).toBe(false)
})
