import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { createRandom } from '../random.ts'
import { adamW, norm } from './adamw.ts'
import { sourceHash } from './adamw-kernel.ts'

it('runs the kernel compiled from adamw.wat (else run fixtures/make/kernel.sh)', () => {
  const source = readFileSync(new URL('adamw.wat', import.meta.url))
  expect(createHash('sha256').update(source).digest('hex')).toBe(sourceHash)
})

const options = { beta1: 0.9, beta2: 0.98, eps: 1e-6, weightDecay: 0.2 }

/** The formula as it stands, in 64 bits. */
function slowly(steps: readonly Float64Array[], values: Float64Array, decayed: number, scale: number): Float64Array {
  const { beta1, beta2, eps, weightDecay } = options
  const [m, v] = [new Float64Array(values.length), new Float64Array(values.length)]
  return steps.reduce(
    (before, gradients, i) =>
      before.map((value, at) => {
        const g = gradients[at]! * scale
        m[at] = beta1 * m[at]! + (1 - beta1) * g
        v[at] = beta2 * v[at]! + (1 - beta2) * g * g
        const step = m[at]! / (1 - beta1 ** (i + 1)) / (Math.sqrt(v[at]! / (1 - beta2 ** (i + 1))) + eps)
        return value * (1 - (at < decayed ? 1e-2 * weightDecay : 0)) - 1e-2 * step
      }),
    values,
  )
}

// below, at and above the kernel's block size; some are not multiples of the four numbers that it processes at a time
it.each([1, 6, 16384, 40001])('%i numbers change by the formula, and none around them', (size) => {
  const random = createRandom('adamw', size)
  const some = (spread: number) => Float64Array.from({ length: size }, () => random.uniform(-spread, spread))
  const [start, gradients] = [some(2), Array.from({ length: 10 }, (_, i) => some(10 ** -i))]
  const decayed = Math.floor(size * 0.6)

  const all = new Float32Array(size + 8).fill(7)
  const values = all.subarray(4, 4 + size)
  values.set(start)
  const moments = { m: new Float32Array(size), v: new Float32Array(size) }
  for (const [i, g] of gradients.entries()) {
    adamW(values, Float32Array.from(g), moments, { t: i + 1, learningRate: 1e-2, decayed, scale: 0.5 }, options)
  }

  const expected = slowly(gradients, start, decayed, 0.5)
  const worst = values.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0)
  expect(worst).toBeLessThan(2e-6)
  expect([...all.subarray(0, 4), ...all.subarray(4 + size)]).toEqual(Array(8).fill(7))
  expect(norm(Float32Array.from(gradients[0]!))).toBeCloseTo(Math.hypot(...gradients[0]!), 3)
})

it('sets negligible moments to zero, and keeps NaN', () => {
  const moments = { m: Float32Array.of(1e-30, 1e-30, 0, 0), v: Float32Array.of(1e-30, 1e-30, 0, 0) }
  const values = Float32Array.of(1, 1, 1, 1)
  const gradients = Float32Array.of(0, 0, Number.NaN, 1)
  adamW(values, gradients, moments, { t: 5, learningRate: 1e-3, decayed: 0 }, options)
  expect([...moments.m.subarray(0, 3)]).toEqual([0, 0, Number.NaN])
  expect([...moments.v.subarray(0, 3)]).toEqual([0, 0, Number.NaN])
  expect(values[2]).toBeNaN()
  expect(norm(gradients)).toBeNaN()
  expect(norm(Float32Array.of(3, 4, Number.POSITIVE_INFINITY))).toBe(Number.POSITIVE_INFINITY)
})
