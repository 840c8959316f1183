// Relevance drawn over the picture that the model saw: gray below, and bright where the similarity comes from.

import { bilinear, type ImageRelevance } from 'typeclip/inspect'
import { heatColor } from './pictures.ts'
import { dataUrl, encodePng, type Picture } from './png.ts'

/** The smallest side of a drawing, in pixels: a picture of 64×64 would be a stamp. */
const enough = 384

type Side = { side?: number }

/** From the map's lowest value, 0, to its highest, 1, at any size. `[side, side]` */
function drawn({ map, grid }: ImageRelevance, side: number): Float32Array {
  const large = bilinear(map, grid, [side, side])
  const [least, most] = large.reduce(([low, high], x) => [Math.min(low, x), Math.max(high, x)], [Infinity, -Infinity])
  return large.map((x) => (most > least ? (x - least) / (most - least) : 0))
}

/** The smallest multiple of the picture's own side that is large enough. */
const sideOf = (size: number): number => size * Math.ceil(enough / size)

/** The heat alone, for laying over the picture: RGBA. */
export function relevanceHeat(relevance: ImageRelevance, { side = 96 }: Side = {}): string {
  const data = Uint8Array.from(Array.from(drawn(relevance, side)).flatMap(heatColor))
  return dataUrl(encodePng({ width: side, height: side, channels: 4, data }))
}

/** The picture as the model saw it, in colour, larger where it is small. */
export function seenLarge({ pixels, size }: ImageRelevance, { side = sideOf(size) }: Side = {}): Picture {
  const planes = [0, 1, 2].map((c) => plane(pixels, size, c, side))
  const data = new Uint8Array(3 * side * side)
  for (let i = 0; i < side * side; i++) {
    for (let c = 0; c < 3; c++) data[3 * i + c] = Math.round(planes[c]![i]!)
  }
  return { width: side, height: side, channels: 3, data }
}

/** Heat over the picture in gray. */
export function relevancePicture(relevance: ImageRelevance, { side = sideOf(relevance.size) }: Side = {}): Picture {
  const heat = drawn(relevance, side)
  const seen = seenLarge(relevance, { side })
  const data = new Uint8Array(3 * side * side)
  for (let i = 0; i < side * side; i++) {
    const gray = 0.299 * seen.data[3 * i]! + 0.587 * seen.data[3 * i + 1]! + 0.114 * seen.data[3 * i + 2]!
    const color = heatColor(heat[i]!)
    const cover = color[3]! / 255
    for (let c = 0; c < 3; c++) data[3 * i + c] = Math.round(gray * (1 - cover) + color[c]! * cover)
  }
  return { ...seen, data }
}

/** The same as a data URL, for a page. */
export const relevanceOverlay = (relevance: ImageRelevance, side?: Side): string =>
  dataUrl(encodePng(relevancePicture(relevance, side)))

/** The picture, and beside it what each text makes of it, from left to right: a PNG file. */
export function relevancePng(relevances: readonly ImageRelevance[]): Buffer {
  const [first] = relevances
  const pictures = [seenLarge(first!), ...relevances.map((relevance) => relevancePicture(relevance))]
  const { height, width: side } = pictures[0]!
  const gap = Math.round(side / 48)
  const width = pictures.length * (side + gap) - gap
  const data = new Uint8Array(3 * width * height).fill(255)
  for (const [i, picture] of pictures.entries()) {
    for (let y = 0; y < height; y++) {
      data.set(picture.data.subarray(3 * y * side, 3 * (y + 1) * side), 3 * (y * width + i * (side + gap)))
    }
  }
  return encodePng({ width, height, channels: 3, data })
}

const plane = (pixels: Uint8Array, size: number, channel: number, side: number): Float32Array =>
  bilinear(
    Float32Array.from(pixels.subarray(channel * size * size, (channel + 1) * size * size)),
    [size, size],
    [side, side],
  )
