/** Backgrounds of cut-outs and drawings: white, a colour, a gradient, something like grass or wood, a small part of a photo. */
import { PIXELS, SIZE, sample } from './sample.mjs'

/**
 * How often each background is used, for drawings and for photos that were cut out.
 *
 * @type {Record<'drawing' | 'cutout', [string, number][]>}
 */
const OFTEN = {
  drawing: [
    ['white', 0.45],
    ['plain', 0.2],
    ['gradient', 0.1],
    ['blotches', 0.05],
    ['natural', 0.1],
    ['photo', 0.1],
  ],
  cutout: [
    ['white', 0.25],
    ['plain', 0.1],
    ['gradient', 0.1],
    ['blotches', 0.03],
    ['natural', 0.37],
    ['photo', 0.15],
  ],
}

/** Two tones of common backgrounds of photos. */
const TONES = [
  [
    [62, 92, 36],
    [122, 152, 70],
  ], // grass
  [
    [40, 66, 30],
    [84, 110, 58],
  ], // leaves
  [
    [104, 74, 48],
    [168, 126, 88],
  ], // wood
  [
    [96, 84, 70],
    [150, 136, 118],
  ], // earth
  [
    [120, 120, 122],
    [178, 176, 174],
  ], // stone
  [
    [196, 190, 182],
    [232, 228, 222],
  ], // wall
  [
    [204, 186, 150],
    [232, 218, 188],
  ], // sand
  [
    [110, 160, 214],
    [206, 226, 244],
  ], // sky
  [
    [38, 82, 120],
    [86, 136, 168],
  ], // water
  [
    [28, 26, 28],
    [66, 62, 60],
  ], // dark
  [
    [150, 54, 48],
    [190, 96, 84],
  ], // cloth
  [
    [70, 78, 110],
    [120, 128, 160],
  ],
]

/** @type {Record<string, (random: () => number, texture?: import('./decode.mjs').Pixels) => Float32Array>} */
const GROUNDS = {
  white: () => new Float32Array(PIXELS * 3).fill(255),
  plain: (random) => {
    const c = colour(random)
    return paint((_x, _y, channel) => c[channel])
  },
  gradient: (random) => {
    const [from, to] = [colour(random), colour(random)]
    const [a, b] = [random() * 2 - 1, random() * 2 - 1]
    return paint((x, y, channel) => {
      const t = Math.min(1, Math.max(0, 0.5 + a * (x - 0.5) + b * (y - 0.5)))
      return from[channel] + (to[channel] - from[channel]) * t
    })
  },
  blotches: (random) => noise(random, 6),
  natural: (random) => {
    const tone = () => TONES[Math.floor(random() * TONES.length)]
    const below = tone()
    const above = random() < 0.5 ? tone() : below
    const horizon = above === below ? 0 : 0.2 + random() * 0.5
    const layers = [3, 9, 24, 48].map((cells) => noise(random, cells, 1))
    const rough = 0.2 + random() * 0.8
    return paint((_x, y, channel, i) => {
      const [from, to] = y < horizon ? above : below
      const t =
        layers[0][i * 3] * 0.45 + layers[1][i * 3] * 0.25 + (layers[2][i * 3] * 0.2 + layers[3][i * 3] * 0.1) * rough
      return from[channel] + ((to[channel] - from[channel]) * t) / 200
    })
  },
  /** Too small a part to recognise the photo's subject. */
  photo: (random, texture) => {
    if (!texture) return GROUNDS.natural(random)
    const side = Math.min(texture.width, texture.height) * (0.1 + random() * 0.25)
    const x = side / 2 + random() * (texture.width - side)
    const y = side / 2 + random() * (texture.height - side)
    return sample(texture, { x, y, w: side, h: side, angle: random() - 0.5, edge: true })
  },
}

/**
 * @param {'drawing' | 'cutout'} kind
 * @param {import('./decode.mjs').Pixels | undefined} texture
 * @param {() => number} random
 * @returns {Float32Array} SIZE × SIZE × 3, 0 to 255
 */
export function ground(kind, texture, random) {
  let at = random()
  for (const [name, share] of OFTEN[kind]) {
    at -= share
    if (at < 0) return GROUNDS[name](random, texture)
  }
  return GROUNDS.white(random)
}

const colour = (random) => [random() * 255, random() * 255, random() * 255]

/** @param {(x: number, y: number, channel: number, i: number) => number} value */
function paint(value) {
  const out = new Float32Array(PIXELS * 3)
  for (let i = 0; i < PIXELS; i++) {
    for (let c = 0; c < 3; c++) out[i * 3 + c] = value((i % SIZE) / SIZE, Math.floor(i / SIZE) / SIZE, c, i)
  }
  return out
}

/** Random cells, enlarged smoothly; gray if there is one tone. */
function noise(random, cells, tones = 3) {
  const data = new Uint8Array(cells * cells * 3)
  for (let i = 0; i < data.length; i++) data[i] = i % 3 < tones ? random() * 255 : 0
  const picture = { width: cells, height: cells, channels: /** @type {3} */ (3), data }
  return sample(picture, { x: cells / 2, y: cells / 2, w: cells - 1, h: cells - 1, angle: 0, edge: true })
}
