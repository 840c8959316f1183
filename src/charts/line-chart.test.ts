// The charts: ticks in one unit, and no empty panel.

import { expect, it } from 'vitest'
import { drawCurves } from '../training/run/curves.ts'
import { drawing, short } from './line-chart.ts'

const texts = (svg: string): string[] => [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map((match) => match[1]!)

it('writes all ticks of an axis in one unit', () => {
  expect([4096, 8192, 16384].map((x) => short(x, 16384))).toEqual(['4.1k', '8.19k', '16.4k'])
  expect([0, 5000, 20_000].map((x) => short(x, 20_000))).toEqual(['0', '5k', '20k'])
  const points = [0, 5000, 10_000].map((x) => [x, x / 1e4] as const)
  const svg = drawing([{ title: 'a', xLabel: 'step', series: [{ points, color: 0 }] }])
  expect(texts(svg)).toEqual(expect.arrayContaining(['0', '2k', '4k', '8k', '10k']))
})

it('draws the temperature only if it is trained', () => {
  const step = (step: number, logitScale: number) =>
    ({
      step,
      epoch: 0,
      samples: step,
      loss: 1,
      lr: 1e-3,
      gradientNorm: 1,
      imagesPerSecond: 1,
      seconds: 1,
      logitScale,
    }) as const
  expect(texts(drawCurves([step(1, 14), step(2, 15)], []))).toContain('Temperature')
  expect(texts(drawCurves([step(1, 14), step(2, 14)], []))).not.toContain('Temperature')
})
