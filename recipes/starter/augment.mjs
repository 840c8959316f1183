/** A random look of an image: cropped or placed, rotated, mirrored, redrawn, on a background, in changed colours. */
import { ground } from './grounds.mjs'
import { PIXELS, SIZE, sample } from './sample.mjs'
import { draw, flatten } from './strokes.mjs'

/** How often an image looks as if taken by a camera: a little soft, grainy, unevenly lit. */
const LENS = { scene: 0.7, photo: 0.4, cutout: 0.5, drawing: 0.12 }

/**
 * @param {import('./decode.mjs').Pixels} pixels
 * @param {{ photo?: boolean, cutout?: boolean, mono?: boolean, drawn?: boolean, flip: boolean, texture?: import('./decode.mjs').Pixels }} how
 *   drawn: a scene that the recipe drew; texture: a photo that sometimes supplies the background
 * @param {() => number} random
 * @returns {Uint8ClampedArray} SIZE × SIZE × 3
 */
export function look(pixels, how, random) {
  const between = (low, high) => low + (high - low) * random()
  const layer = how.photo ? crop(pixels, how, between, random) : place(pixels, how, between, random)
  const kind = how.drawn ? 'scene' : how.photo ? 'photo' : how.cutout ? 'cutout' : 'drawing'
  if (random() < LENS[kind]) camera(layer, between, random)
  return colours(layer, between, random)
}

/** A random window of a photo: 30 to 100 % of its largest square. */
function crop(pixels, how, between, random) {
  const { width, height } = pixels
  const side = Math.min(width, height)
  const area = Math.sqrt(random() < 0.5 ? between(0.3, 0.7) : between(0.6, 1))
  const ratio = Math.exp(between(-0.15, 0.15))
  const w = Math.min(side * area * ratio, width)
  const h = Math.min((side * area) / ratio, height)
  const x = width / 2 + (between(-1, 1) * (width - w)) / 2
  const y = height / 2 + (between(-1, 1) * (height - h)) / 2
  const angle = random() < 0.5 ? between(-0.25, 0.25) : 0
  const mirror = how.flip && random() < 0.5 ? -1 : 1
  return sample(pixels, { x, y, w: w * mirror, h, angle, edge: true })
}

/** A drawing or a cut-out placed on a background, whole or nearly so, sometimes enlarged or several times. */
function place(pixels, how, between, random) {
  const { width } = pixels
  const crowd = random() < (how.cutout ? 0.14 : 0.03) ? 2 + Math.floor(random() * 5) : 1
  const near = crowd === 1 && how.cutout && random() < 0.15
  const style = how.mono || how.cutout ? 1 : random()
  const ink = random() < 0.8 ? 0 : between(0, 90)
  const fine = between(0.9, 3)
  const even = style < 0.18 || (style > 0.3 && style < 0.4)
  const turn = !how.mono && !how.cutout && random() < 0.12 ? between(-0.35, 0.35) : 0
  const out = ground(how.cutout ? 'cutout' : 'drawing', how.texture, random)
  if (style < 0.06) lighten(out)
  const oneInk = how.mono ? inkFor(out, random) : undefined
  for (let k = 0; k < crowd; k++) {
    const size = Math.sqrt(near ? between(0.3, 0.7) : between(0.7, 1.7)) * (crowd > 1 ? between(1.4, 2.6) : 1) // of the window, in drawings
    const ratio = Math.exp(between(-0.12, 0.12))
    const w = width * size * ratio
    const h = (width * size) / ratio
    const x = width / 2 + (between(-1, 1) * Math.abs(width - w)) / 2
    const y = width / 2 + (between(-1, 1) * Math.abs(width - h)) / 2
    const angle = random() < 0.5 ? between(-0.25, 0.25) : 0
    const mirror = how.flip && random() < 0.5 ? -1 : 1
    const top = sample(pixels, { x, y, w: w * mirror, h, angle, edge: false })
    if (turn) rotateHue(top, turn)
    if (even) flatten(top, 3 + Math.floor(random() * 3))
    if (style < 0.26) draw(top, style < 0.06 ? 'sketched' : 'outlined', ink, fine)
    lay(top, out, oneInk)
  }
  return out
}

/** Blends a layer with premultiplied colours over the image. */
function lay(top, out, ink) {
  for (let i = 0; i < PIXELS; i++) {
    const alpha = top[i * 4 + 3] / 255
    for (let c = 0; c < 3; c++) {
      const over = ink ? ink[c] * alpha : top[i * 4 + c]
      out[i * 3 + c] = over + out[i * 3 + c] * (1 - alpha)
    }
  }
}

/** @param {number} angle of the colour wheel, in radians */
function rotateHue(rgba, angle) {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
  const [a, b] = [(1 - cos) / 3, Math.sqrt(1 / 3) * sin]
  for (let i = 0; i < PIXELS; i++) {
    const [r, g, blue] = [rgba[i * 4], rgba[i * 4 + 1], rgba[i * 4 + 2]]
    const most = rgba[i * 4 + 3]
    const within = (v) => Math.min(most, Math.max(0, v))
    rgba[i * 4] = within(r * (cos + a) + g * (a - b) + blue * (a + b))
    rgba[i * 4 + 1] = within(r * (a + b) + g * (cos + a) + blue * (a - b))
    rgba[i * 4 + 2] = within(r * (a - b) + g * (a + b) + blue * (cos + a))
  }
}

/** Makes it soft, grainy and lit from a side. */
function camera(rgb, between, random) {
  if (random() < 0.6) soften(rgb, between(0.1, 0.9))
  const grain = random() < 0.6 ? between(2, 16) : 0
  const [a, b] = random() < 0.5 ? [between(-0.3, 0.3), between(-0.3, 0.3)] : [0, 0]
  for (let i = 0; i < PIXELS; i++) {
    const light = 1 + a * ((i % SIZE) / SIZE - 0.5) + b * (Math.floor(i / SIZE) / SIZE - 0.5)
    const gray = grain * (random() + random() - 1)
    for (let c = 0; c < 3; c++) rgb[i * 3 + c] = rgb[i * 3 + c] * light + gray
  }
}

/** Mixes each pixel with its neighbours, along rows and then columns. @param {number} share of the neighbours */
function soften(rgb, share) {
  const of = (i) => i * 3
  for (const [step, line] of [
    [1, SIZE],
    [SIZE, 1],
  ]) {
    for (let k = 0; k < SIZE; k++) {
      for (let c = 0; c < 3; c++) {
        let before = rgb[of(k * line) + c]
        for (let t = 0; t < SIZE; t++) {
          const at = of(k * line + t * step) + c
          const after = t + 1 < SIZE ? rgb[of(k * line + (t + 1) * step) + c] : rgb[at]
          const own = rgb[at]
          rgb[at] = own * (1 - share * 0.66) + (before + after) * share * 0.33
          before = own
        }
      }
    }
  }
}

/** Lightens the image, so that dark lines are visible. */
function lighten(under) {
  for (let i = 0; i < under.length; i++) under[i] = 165 + under[i] * 0.35
}

/** Black, or a colour; light if the background is dark. */
function inkFor(under, random) {
  let mean = 0
  for (const v of under) mean += v
  const dark = mean / under.length < 115
  if (random() < 0.4) return dark ? [255, 255, 255] : [0, 0, 0]
  return [0, 1, 2].map(() => (dark ? 255 - random() * 170 : random() * 170))
}

/** Brightness, a tint, saturation, contrast. */
function colours(rgb, between, random) {
  const bright = between(0.78, 1.2)
  const tint = [0, 1, 2].map(() => bright * (1 + between(-0.06, 0.06)))
  const saturation = random() < 0.04 ? 0 : between(0.65, 1.3)
  const contrast = between(0.8, 1.2)
  let mean = 0
  for (let i = 0; i < PIXELS; i++) {
    const r = rgb[i * 3] * tint[0]
    const g = rgb[i * 3 + 1] * tint[1]
    const b = rgb[i * 3 + 2] * tint[2]
    const gray = 0.299 * r + 0.587 * g + 0.114 * b
    rgb[i * 3] = gray + (r - gray) * saturation
    rgb[i * 3 + 1] = gray + (g - gray) * saturation
    rgb[i * 3 + 2] = gray + (b - gray) * saturation
    mean += gray
  }
  mean /= PIXELS
  const out = new Uint8ClampedArray(PIXELS * 3)
  for (let i = 0; i < out.length; i++) out[i] = mean + (rgb[i] - mean) * contrast
  return out
}

export { SIZE }
