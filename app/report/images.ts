// A report's images, as data URLs: what the model sees, its patches apart, and weights as colours.

import { imageUrl } from './png.ts'

type Color = readonly [red: number, green: number, blue: number, opacity: number]

/** From dark (low) to bright (high): Matplotlib's inferno, translucent. */
const heat: readonly Color[] = [
  [4, 3, 24, 105],
  [87, 16, 110, 150],
  [188, 55, 84, 175],
  [249, 142, 9, 190],
  [252, 255, 164, 210],
]

/** A blue that can be read on a light page and on a dark one. */
const ink = [59, 122, 240] as const

/** `[3, size, size]` to RGB after RGB, in whole numbers. */
export function interleaved(planes: ArrayLike<number>, size: number): Uint8Array {
  const area = size * size
  return Uint8Array.from({ length: 3 * area }, (_, i) => Math.round(planes[(i % 3) * area + Math.floor(i / 3)]!))
}

/** `[3, size, size]` bytes as an image. */
export const modelImage = (planes: Uint8Array, size: number): string =>
  imageUrl({ width: size, height: size, channels: 3, data: interleaved(planes, size) })

/** The same, with a gap between the patches. */
export function patchImage(planes: Uint8Array, size: number, patch: number): string {
  const grid = Math.floor(size / patch)
  const gap = Math.max(1, Math.round(patch / 8))
  const side = grid * patch + (grid - 1) * gap
  const pixels = interleaved(planes, size)
  const data = new Uint8Array(4 * side * side)
  for (let y = 0; y < grid * patch; y++) {
    for (let x = 0; x < grid * patch; x++) {
      const pixel = 3 * (y * size + x)
      const target = 4 * ((y + gap * Math.floor(y / patch)) * side + x + gap * Math.floor(x / patch))
      data.set([...pixels.subarray(pixel, pixel + 3), 255], target)
    }
  }
  return imageUrl({ width: side, height: side, channels: 4, data })
}

/** One pixel per weight, from 0 to the highest. */
export function heatMap(weights: ArrayLike<number>, rows: number, columns: number): string {
  const max = highest(weights)
  const data = new Uint8Array(4 * rows * columns)
  for (let i = 0; i < rows * columns; i++) data.set(heatColor(weights[i]! / max), 4 * i)
  return imageUrl({ width: columns, height: rows, channels: 4, data })
}

/** Red, green, blue and opacity for a share of the highest, 0 to 1. */
export function heatColor(share: number): number[] {
  const position = share * (heat.length - 1)
  const start = Math.min(Math.floor(position), heat.length - 2)
  const [below, above] = [heat[start]!, heat[start + 1]!]
  return below.map((x, c) => Math.round(x + (position - start) * (above[c]! - x)))
}

/** A matrix of weights of at most 1. The opacity is the square root, so that small weights can be seen. */
export function weightMatrix(weights: ArrayLike<number>, rows: number, columns: number): string {
  const data = new Uint8Array(4 * rows * columns)
  for (let i = 0; i < rows * columns; i++) data.set([...ink, Math.round(255 * Math.sqrt(weights[i]!))], 4 * i)
  return imageUrl({ width: columns, height: rows, channels: 4, data })
}

/** Cosine similarity of each row with each other one, from 0 (or less) to 1. */
export function similarityMatrix(values: Float32Array, rows: number): string {
  const width = values.length / rows
  const row = (i: number) => values.subarray(i * width, (i + 1) * width)
  const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, x, k) => sum + x * b[k]!, 0)
  const lengths = Array.from({ length: rows }, (_, i) => Math.sqrt(dot(row(i), row(i))))
  const cosines = Float32Array.from({ length: rows * rows }, (_, index) => {
    const [i, j] = [Math.floor(index / rows), index % rows]
    const product = lengths[i]! * lengths[j]!
    return product > 0 ? Math.min(1, Math.max(0, dot(row(i), row(j)) / product)) : 0
  })
  return weightMatrix(cosines, rows, rows)
}

export const highest = (weights: ArrayLike<number>): number => Array.from(weights).reduce((a, b) => Math.max(a, b), 0)
