// Relevance drawn over the image that the model saw: gray below, and bright where the similarity comes from.

import { bilinear, type ImageRelevance } from 'typeclip/inspect'
import { heatColor } from '../images.ts'
import { dataUrl, encodePng, type Picture } from '../png.ts'
import { withCaptions } from './captions.ts'

/** The smallest side of a drawing, in pixels: an image of 64×64 would be a stamp. */
const enough = 384

type Side = { side?: number }

/** Below this many rows or columns, the grid of ViT-B/32, a smooth drawing would suggest a detail that is not there. */
const smoothFrom = 7

/** Whether a map is drawn as the squares that it has, and not smoothly. */
export const isCoarse = ([rows, columns]: ImageRelevance['grid']): boolean => Math.min(rows, columns) < smoothFrom

/** From the map's lowest value, 0, to its highest, 1, at any size. `[side, side]` */
function drawn({ map, grid }: ImageRelevance, side: number): Float32Array {
  const large = isCoarse(grid) ? squares(map, grid, side) : bilinear(map, grid, [side, side])
  const [least, most] = large.reduce(([low, high], x) => [Math.min(low, x), Math.max(high, x)], [Infinity, -Infinity])
  return large.map((x) => (most > least ? (x - least) / (most - least) : 0))
}

/** Each place of the grid as one square. */
function squares(map: Float32Array, [rows, columns]: ImageRelevance['grid'], side: number): Float32Array {
  const at = (i: number, count: number) => Math.floor((i * count) / side)
  return Float32Array.from({ length: side * side }, (_, i) => {
    return map[at(Math.floor(i / side), rows) * columns + at(i % side, columns)]!
  })
}

/** The smallest multiple of the image's own side that is large enough. */
const sideOf = (size: number): number => size * Math.ceil(enough / size)

/** The heat alone, for laying over the image: RGBA. */
export function relevanceHeat(relevance: ImageRelevance, { side = 96 }: Side = {}): string {
  const data = Uint8Array.from(Array.from(drawn(relevance, side)).flatMap(heatColor))
  return dataUrl(encodePng({ width: side, height: side, channels: 4, data }))
}

/** The image as the model saw it, in colour, larger where it is small. */
export function seenLarge({ pixels, size }: ImageRelevance, { side = sideOf(size) }: Side = {}): Picture {
  const planes = [0, 1, 2].map((c) => plane(pixels, size, c, side))
  const data = new Uint8Array(3 * side * side)
  for (let i = 0; i < side * side; i++) {
    for (let c = 0; c < 3; c++) data[3 * i + c] = Math.round(planes[c]![i]!)
  }
  return { width: side, height: side, channels: 3, data }
}

/** Heat over the image in gray. */
export function relevanceImage(relevance: ImageRelevance, { side = sideOf(relevance.size) }: Side = {}): Picture {
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
  dataUrl(encodePng(relevanceImage(relevance, side)))

/** The image, and beside it what each text makes of it, from left to right, with its caption below: a PNG file. */
export async function relevancePng(
  relevances: readonly (ImageRelevance & { text: string; cosine: number })[],
): Promise<Buffer> {
  const [first] = relevances
  const pictures = [seenLarge(first!), ...relevances.map((relevance) => relevanceImage(relevance))]
  const { height, width: side } = pictures[0]!
  const gap = Math.round(side / 48)
  const width = pictures.length * (side + gap) - gap
  const data = new Uint8Array(3 * width * height).fill(255)
  for (const [i, picture] of pictures.entries()) {
    for (let y = 0; y < height; y++) {
      data.set(picture.data.subarray(3 * y * side, 3 * (y + 1) * side), 3 * (y * width + i * (side + gap)))
    }
  }
  const under = relevances.map(({ text, cosine, grid }, i) => ({
    left: (i + 1) * (side + gap),
    lines: [...wrapped(text), `cosine ${cosine.toFixed(3).replace('-', '−')} · ${grid.join(' × ')} places`],
  }))
  const image = { width, height, channels: 3 as const, data }
  return withCaptions(image, [{ left: 0, lines: ['the image'] }, ...under])
}

/** Characters on a line under a map, and lines of a text at most. */
const [lineLength, mostLines] = [46, 3]

/** A text in lines that fit under a map; what is too long ends in an ellipsis. */
export function wrapped(text: string): string[] {
  const lines = ['']
  for (const word of text.split(/\s+/).flatMap((word) => word.match(/.{1,46}/gsu) ?? [])) {
    const longer = lines.at(-1) === '' ? word : `${lines.at(-1)} ${word}`
    if (longer.length <= lineLength) lines[lines.length - 1] = longer
    else lines.push(word)
  }
  return lines.length <= mostLines ? lines : [...lines.slice(0, mostLines - 1), `${lines[mostLines - 1]} …`]
}

const plane = (pixels: Uint8Array, size: number, channel: number, side: number): Float32Array =>
  bilinear(
    Float32Array.from(pixels.subarray(channel * size * size, (channel + 1) * size * size)),
    [size, size],
    [side, side],
  )
