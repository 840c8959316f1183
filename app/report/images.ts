// The page's images: what the model sees, its patches apart, and weights as colours over them.

import { dataUrl, encodePng } from './png.ts'

type Color = readonly [red: number, green: number, blue: number, opacity: number]

/** Dark where there is little, bright where there is much (Matplotlib's inferno), with what lies below shining through. */
const heat: readonly Color[] = [
  [4, 3, 24, 105],
  [87, 16, 110, 150],
  [188, 55, 84, 175],
  [249, 142, 9, 190],
  [252, 255, 164, 210],
]

/** Blue, from nothing to all; it reads on a light page and on a dark one. */
const ink = [59, 122, 240] as const

/** `[3, size, size]` bytes as an image. */
export function seenPicture(planes: Uint8Array, size: number): string {
  const area = size * size
  const data = Uint8Array.from({ length: 3 * area }, (_, i) => planes[(i % 3) * area + Math.floor(i / 3)]!)
  return dataUrl(encodePng({ width: size, height: size, channels: 3, data }))
}

/** The same, cut into patches that stand apart. */
export function patchImage(planes: Uint8Array, size: number, patch: number): string {
  const grid = Math.floor(size / patch)
  const gap = Math.max(1, Math.round(patch / 8))
  const side = grid * patch + (grid - 1) * gap
  const data = new Uint8Array(4 * side * side)
  for (let y = 0; y < grid * patch; y++) {
    for (let x = 0; x < grid * patch; x++) {
      const to = 4 * ((y + gap * Math.floor(y / patch)) * side + x + gap * Math.floor(x / patch))
      for (let c = 0; c < 3; c++) data[to + c] = planes[c * size * size + y * size + x]!
      data[to + 3] = 255
    }
  }
  return dataUrl(encodePng({ width: side, height: side, channels: 4, data }))
}

/** One pixel a weight, from 0 to the highest. */
export function heatMap(weights: ArrayLike<number>, rows: number, columns: number): string {
  const most = highest(weights)
  const data = new Uint8Array(4 * rows * columns)
  for (let i = 0; i < rows * columns; i++) data.set(heatColor(weights[i]! / most), 4 * i)
  return dataUrl(encodePng({ width: columns, height: rows, channels: 4, data }))
}

/** Red, green, blue and opacity for a share of the highest, 0 to 1. */
export function heatColor(share: number): number[] {
  const at = share * (heat.length - 1)
  const start = Math.min(Math.floor(at), heat.length - 2)
  const [below, above] = [heat[start]!, heat[start + 1]!]
  return below.map((x, c) => Math.round(x + (at - start) * (above[c]! - x)))
}

/** A matrix of weights of at most 1; the ink goes with the square root, so that small ones are seen. */
export function weightMatrix(weights: ArrayLike<number>, rows: number, columns: number): string {
  const data = new Uint8Array(4 * rows * columns)
  for (let i = 0; i < rows * columns; i++) data.set([...ink, Math.round(255 * Math.sqrt(weights[i]!))], 4 * i)
  return dataUrl(encodePng({ width: columns, height: rows, channels: 4, data }))
}

/** Cosine similarity of each row with each other, from none (or opposite) to the same. */
export function similarityMatrix(values: Float32Array, rows: number): string {
  const width = values.length / rows
  const row = (i: number) => values.subarray(i * width, (i + 1) * width)
  const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, x, k) => sum + x * b[k]!, 0)
  const lengths = Array.from({ length: rows }, (_, i) => Math.sqrt(dot(row(i), row(i))))
  const cosines = Float32Array.from({ length: rows * rows }, (_, at) => {
    const [i, j] = [Math.floor(at / rows), at % rows]
    const lengthOfBoth = lengths[i]! * lengths[j]!
    return lengthOfBoth > 0 ? Math.min(1, Math.max(0, dot(row(i), row(j)) / lengthOfBoth)) : 0
  })
  return weightMatrix(cosines, rows, rows)
}

export const highest = (weights: ArrayLike<number>): number => Array.from(weights).reduce((a, b) => Math.max(a, b), 0)
