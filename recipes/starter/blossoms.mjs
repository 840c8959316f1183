/** Single flowers as SVG, of radius 100 about (0, 0): wheels of petals, the dandelion's seeds, roses, tulips. */
import { between, hsl, n, petal, pick } from './drawn-scene.mjs'

/**
 * Flowers seen as a wheel of petals. petals: how many, from to; layers; long: the petals' breadth to their length;
 * eye: the middle's radius; colours of petals and of the middle as [hue, saturation, lightness].
 */
const WHEELS = {
  daisy: {
    petals: [13, 26],
    layers: [1, 2],
    long: [0.13, 0.24],
    eye: [0.22, 0.34],
    colours: [
      [50, 20, 94],
      [210, 15, 92],
      [60, 30, 96],
      [45, 10, 90],
      [330, 45, 86],
    ],
    middle: [
      [48, 95, 50],
      [44, 90, 46],
    ],
  },
  sunflower: {
    petals: [16, 26],
    layers: [2, 3],
    long: [0.2, 0.32],
    eye: [0.36, 0.55],
    colours: [
      [46, 95, 52],
      [42, 95, 50],
      [50, 95, 55],
    ],
    middle: [
      [25, 55, 16],
      [30, 60, 24],
      [35, 50, 12],
      [55, 50, 30],
    ],
  },
  dandelion: {
    petals: [26, 38],
    layers: [4, 6],
    long: [0.07, 0.11],
    eye: [0.06, 0.16],
    colours: [
      [50, 98, 52],
      [52, 95, 55],
      [47, 98, 50],
    ],
    middle: [
      [44, 95, 46],
      [40, 95, 44],
    ],
  },
  gerbera: {
    petals: [20, 30],
    layers: [2, 3],
    long: [0.13, 0.2],
    eye: [0.2, 0.3],
    colours: [
      [350, 85, 50],
      [330, 75, 62],
      [20, 92, 55],
    ],
    middle: [
      [40, 60, 40],
      [20, 40, 18],
      [60, 60, 50],
    ],
  },
  cosmos: {
    petals: [8, 8],
    layers: [1, 1],
    long: [0.4, 0.5],
    eye: [0.16, 0.22],
    colours: [
      [315, 65, 65],
      [325, 60, 78],
      [310, 60, 50],
    ],
    middle: [[48, 90, 50]],
  },
  marigold: {
    petals: [14, 20],
    layers: [4, 6],
    long: [0.3, 0.4],
    eye: [0.05, 0.1],
    colours: [
      [30, 98, 50],
      [38, 98, 52],
    ],
    middle: [[25, 95, 42]],
  },
  poppy: {
    petals: [4, 5],
    layers: [1, 2],
    long: [0.8, 1],
    eye: [0.14, 0.22],
    colours: [
      [8, 92, 50],
      [14, 92, 54],
    ],
    middle: [
      [260, 20, 12],
      [90, 30, 25],
    ],
  },
  buttercup: {
    petals: [5, 5],
    layers: [1, 1],
    long: [0.6, 0.75],
    eye: [0.2, 0.28],
    colours: [[54, 96, 52]],
    middle: [[48, 80, 45]],
  },
}

/** A wheel of radius 100. */
export function wheel(kind, colour, random) {
  const k = WHEELS[kind]
  const [h, s, l] = pick(colour, k.colours)
  const layers = Math.round(between(random, ...k.layers))
  const long = between(random, ...k.long)
  const eye = between(random, ...k.eye) * 100
  const tip = between(random, 75, 98)
  let out = ''
  for (let layer = 0; layer < layers; layer++) {
    const count = Math.round(between(random, ...k.petals))
    const size = 1 - (layer / layers) * (eye < 20 ? 0.75 : 0.3)
    const turn = random() * 360
    for (let i = 0; i < count; i++) {
      const light = l + between(random, -9, 4) - (layers - 1 - layer) * 3
      const reach = size * between(random, 0.9, 1.04)
      out += `<path d="${petal(long, tip)}" transform="rotate(${n(turn + (i * 360) / count + between(random, -5, 5))}) scale(${reach.toFixed(2)})" fill="${hsl(h + between(random, -4, 4), s, light)}" stroke="${hsl(h - 8, s * 0.8, light - 22)}" stroke-opacity=".5" stroke-width="2"/>`
    }
  }
  const [mh, ms, ml] = pick(random, k.middle)
  out += `<circle r="${n(eye)}" fill="${hsl(mh, ms, ml)}"/>`
  for (let i = 0; i < eye * 1.2; i++) {
    const r = Math.sqrt(random()) * eye
    const a = random() * 6.283
    out += `<circle cx="${n(r * Math.cos(a))}" cy="${n(r * Math.sin(a))}" r="${n(between(random, 2, 5))}" fill="${hsl(mh, ms, ml + between(random, -14, 14))}"/>`
  }
  return `${out}<circle r="${n(eye * 0.5)}" fill="${hsl(mh, ms, ml - 12)}" fill-opacity="${random() < 0.5 ? 0.5 : 0}"/>`
}

/** A dandelion's seeds. */
export function clock(_colour, random) {
  const light = between(random, 78, 95)
  let out = `<circle r="96" fill="${hsl(60, 8, light)}" fill-opacity="${between(random, 0.18, 0.42).toFixed(2)}"/>`
  const seeds = Math.round(between(random, 70, 130))
  for (let i = 0; i < seeds; i++) {
    const a = random() * 6.283
    const r = 100 * between(random, 0.45, 1)
    const [x, y] = [r * Math.cos(a), r * Math.sin(a)]
    out += `<path d="M0,0L${n(x)},${n(y)}" stroke="${hsl(50, 12, light - 12)}" stroke-width="1.5" stroke-opacity=".5"/>`
    for (let j = 0; j < 6; j++) {
      const b = a + (j - 2.5) * 0.55
      out += `<path d="M${n(x)},${n(y)}l${n(20 * Math.cos(b))},${n(20 * Math.sin(b))}" stroke="${hsl(50, 8, light)}" stroke-width="1.8" stroke-opacity=".75"/>`
    }
  }
  return `${out}<circle r="13" fill="${hsl(40, 30, 40)}"/>`
}

/** Rings of overlapping round petals, darker inwards, and a whorl. */
export function rose(colour, random) {
  const [h, s, l] = pick(colour, [
    [352, 85, 42],
    [350, 88, 36],
    [345, 75, 55],
    [340, 65, 72],
    [48, 80, 70],
    [45, 25, 90],
    [18, 80, 66],
    [330, 70, 50],
  ])
  let out = ''
  const turn = random() * 360
  let ring = 0
  for (let r = 1; r > 0.16; r *= between(random, 0.74, 0.84)) {
    const count = Math.max(3, Math.round(between(random, 5, 7) * (0.5 + r * 0.5)))
    for (let i = 0; i < count; i++) {
      const light = l + between(random, -6, 6) - (1 - r) * l * 0.35
      out += `<ellipse cx="0" cy="${n(-r * 50)}" rx="${n(r * between(random, 42, 56))}" ry="${n(r * 50)}" transform="rotate(${n(turn + ring * 37 + (i * 360) / count + between(random, -9, 9))})" fill="${hsl(h + between(random, -4, 4), s, light)}" stroke="${hsl(h, s, light - 15)}" stroke-width="${n(between(random, 2, 5))}" stroke-opacity=".8"/>`
    }
    ring++
  }
  for (let i = 0; i < 4; i++) {
    const r = 24 - i * 6
    out += `<path d="M${r},0A${r},${r} 0 1 1 0,-${r}" transform="rotate(${n(random() * 360)})" fill="none" stroke="${hsl(h, s, l * 0.5)}" stroke-width="4"/>`
  }
  return out
}

/** A cup from the side, or open from above. */
export function tulip(colour, random) {
  const [h, s, l] = pick(colour, [
    [356, 90, 48],
    [350, 85, 42],
    [50, 95, 55],
    [335, 75, 65],
    [325, 65, 75],
    [285, 50, 40],
    [25, 95, 55],
    [50, 15, 93],
    [15, 92, 52],
  ])
  const edge = random() < 0.25 ? [50, 90, 60] : [h + 6, s, l + 12]
  const fill = (d) => hsl(h + between(random, -3, 3), s, l + d)
  const line = `stroke="${hsl(h, s, l - 20)}" stroke-width="2.5" stroke-opacity=".6"`
  if (random() < 0.2) {
    let out = ''
    for (let i = 0; i < 6; i++)
      out += `<path d="${petal(between(random, 0.55, 0.7), 80)}" transform="rotate(${n((i % 3) * 120 + (i < 3 ? 0 : 60) + between(random, -8, 8))})" fill="${fill(i < 3 ? -8 : 0)}" ${line}/>`
    return `${out}<circle r="22" fill="${pick(random, [hsl(50, 90, 55), hsl(260, 30, 15)])}"/><circle r="8" fill="${hsl(80, 50, 60)}"/>`
  }
  const w = between(random, 50, 72)
  const flare = between(random, 0.5, 1.25)
  const side = (m) =>
    `M0,80C${m * w * 1.35},75 ${n(m * w * 1.25)},-20 ${n(m * w * flare)},-92C${n(m * w * 0.3)},-50 0,10 0,80`
  return (
    `<path d="M0,80C-${w},60 -${w},-50 ${n(-w * 0.35)},-95C${n(-w * 0.1)},-70 ${n(w * 0.1)},-70 ${n(w * 0.35)},-95C${w},-50 ${w},60 0,80" fill="${fill(-16)}" ${line}/>` +
    `<path d="${side(1)}" fill="${fill(-5)}" ${line}/><path d="${side(-1)}" fill="${fill(-9)}" ${line}/>` +
    `<path d="M0,82C${n(w * 0.95)},55 ${n(w * 0.7)},-45 0,${n(-between(random, 70, 98))}C${n(-w * 0.7)},-45 ${n(-w * 0.95)},55 0,82" fill="${fill(2)}" ${line}/>` +
    `<path d="M0,60C${n(w * 0.3)},30 ${n(w * 0.25)},-30 0,-70C${n(-w * 0.25)},-30 ${n(-w * 0.3)},30 0,60" fill="${hsl(...edge)}" fill-opacity=".45"/>`
  )
}
