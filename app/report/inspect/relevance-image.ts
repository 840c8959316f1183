// Relevance drawn over the image that the model saw, in gray: bright places raise the similarity.

import { bilinear, type ImageRelevance } from 'typeclip/inspect'
import { heatColor, interleaved } from '../images.ts'
import { imageUrl, type Pixels } from '../png.ts'
import { withCaptions } from './captions.ts'

/** The smallest side of a drawing, in pixels: an image of 64×64 would be too small to read. */
const minSide = 384

type Side = { side?: number }

/** The rows or columns of ViT-B/32. A smooth drawing of a smaller grid would suggest details that are not there. */
const minSmooth = 7

/** Whether a map is drawn as squares, and not smoothly. */
export const isCoarse = ([rows, columns]: ImageRelevance['grid']): boolean => Math.min(rows, columns) < minSmooth

/** The map at another size, scaled so that its lowest value is 0 and its highest 1. `[side, side]` */
function scaledMap({ map, grid }: ImageRelevance, side: number): Float32Array {
  const large = isCoarse(grid) ? squares(map, grid, side) : bilinear(map, grid, [side, side])
  const [min, max] = large.reduce(([low, high], x) => [Math.min(low, x), Math.max(high, x)], [Infinity, -Infinity])
  return large.map((x) => (max > min ? (x - min) / (max - min) : 0))
}

/** Each place of the grid as one square. */
function squares(map: Float32Array, [rows, columns]: ImageRelevance['grid'], side: number): Float32Array {
  const place = (pixel: number, count: number) => Math.floor((pixel * count) / side)
  return Float32Array.from({ length: side * side }, (_, i) => {
    return map[place(Math.floor(i / side), rows) * columns + place(i % side, columns)]!
  })
}

/** The smallest multiple of the image's own side that is large enough. */
const sideOf = (size: number): number => size * Math.ceil(minSide / size)

/** The heat alone, for laying over the image: RGBA. */
export function relevanceHeat(relevance: ImageRelevance, { side = 96 }: Side = {}): string {
  const data = Uint8Array.from(Array.from(scaledMap(relevance, side)).flatMap(heatColor))
  return imageUrl({ width: side, height: side, channels: 4, data })
}

/** The image as the model saw it, in colour, enlarged. */
function enlarged({ pixels, size }: ImageRelevance, side: number): Pixels {
  const planes = new Float32Array(3 * side * side)
  for (let c = 0; c < 3; c++) {
    const plane = Float32Array.from(pixels.subarray(c * size * size, (c + 1) * size * size))
    planes.set(bilinear(plane, [size, size], [side, side]), c * side * side)
  }
  return { width: side, height: side, channels: 3, data: interleaved(planes, side) }
}

/** Heat over the image in gray. */
export function relevanceImage(relevance: ImageRelevance, { side = sideOf(relevance.size) }: Side = {}): Pixels {
  const heat = scaledMap(relevance, side)
  const seen = enlarged(relevance, side)
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
  imageUrl(relevanceImage(relevance, side))

/** The image, then the relevance for each text, from left to right, with captions below: a PNG file. */
export async function relevancePng(
  relevances: readonly (ImageRelevance & { text: string; cosine: number })[],
): Promise<Buffer> {
  const [first] = relevances
  const side = sideOf(first!.size)
  const images = [enlarged(first!, side), ...relevances.map((relevance) => relevanceImage(relevance))]
  const gap = Math.round(side / 48)
  const width = images.length * (side + gap) - gap
  const data = new Uint8Array(3 * width * side).fill(255)
  for (const [i, image] of images.entries()) {
    for (let y = 0; y < side; y++) {
      data.set(image.data.subarray(3 * y * side, 3 * (y + 1) * side), 3 * (y * width + i * (side + gap)))
    }
  }
  const captions = relevances.map(({ text, cosine, grid }, i) => ({
    left: (i + 1) * (side + gap),
    lines: [...wrapped(text), `cosine ${cosine.toFixed(3).replace('-', '−')} · ${grid.join(' × ')} places`],
  }))
  const image = { width, height: side, channels: 3 as const, data }
  return withCaptions(image, [{ left: 0, lines: ['the image'] }, ...captions])
}

/** Characters per line under a map, and lines per text. */
const [maxLength, maxLines] = [46, 3]

/** A text in lines that fit under a map; a text that is too long ends in an ellipsis. */
export function wrapped(text: string): string[] {
  const lines = ['']
  for (const word of text.split(/\s+/).flatMap((word) => word.match(/.{1,46}/gsu) ?? [])) {
    const longer = lines.at(-1) === '' ? word : `${lines.at(-1)} ${word}`
    if (longer.length <= maxLength) lines[lines.length - 1] = longer
    else lines.push(word)
  }
  return lines.length <= maxLines ? lines : [...lines.slice(0, maxLines - 1), `${lines[maxLines - 1]} …`]
}
