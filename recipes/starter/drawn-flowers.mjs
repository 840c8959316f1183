/** Flowers that the recipe draws itself, since no photos of them were found: near, a few, many, in bunches. */
import { clock, rose, tulip, wheel } from './blossoms.mjs'
import { behind, between, frame, green, hsl, n, SIDE } from './drawn-scene.mjs'
import { generator } from './random.mjs'
import { named } from './words.mjs'

/** The flowers, how often each is drawn, and their names; upright ones are on a stem seen from the side. */
const KINDS = [
  { names: ['daisy', 'daisies'], share: 320, head: (c, r) => wheel('daisy', c, r) },
  { names: ['dandelion', 'dandelions'], share: 200, head: (c, r) => wheel('dandelion', c, r) },
  {
    names: ['dandelion', 'dandelions'],
    tags: ['dandelion clock', 'dandelion seeds'],
    share: 160,
    head: clock,
    upright: true,
  },
  { names: ['rose', 'roses'], share: 340, head: rose, bunch: true },
  { names: ['sunflower', 'sunflowers'], share: 320, head: (c, r) => wheel('sunflower', c, r) },
  { names: ['tulip', 'tulips'], share: 340, head: tulip, upright: true, bunch: true },
  ...['gerbera', 'cosmos', 'marigold', 'poppy', 'buttercup'].map((name) => ({
    names: [name, name.endsWith('y') ? `${name.slice(0, -1)}ies` : name],
    share: 60,
    head: (c, r) => wheel(name, c, r),
  })),
]

/** One flower: its stem, its head tilted and rotated. */
function flower(kind, x, y, r, colour, random) {
  const squeeze = kind.upright ? 1 : between(random, 0.55, 1)
  const lean = kind.upright ? between(random, -22, 22) : between(random, -35, 35)
  const stem = `<path d="M${n(x)},${n(y)}q${n(between(random, -6, 6))},${n(r)} ${n(between(random, -r, r) * 0.5)},${n(SIDE)}" fill="none" stroke="${hsl(between(random, 80, 115), 40, between(random, 25, 45))}" stroke-width="${n(Math.max(0.8, r * 0.11))}"/>`
  const scale = r / 100
  return `${stem}<g transform="translate(${n(x)},${n(y)}) rotate(${n(lean)}) scale(${scale.toFixed(3)},${(scale * squeeze).toFixed(3)})${kind.upright ? '' : ` rotate(${n(random() * 360)})`}">${kind.head(colour, random)}</g>`
}

/** Arrangements, one row each: [cumulative probability, positions and sizes]. */
const SCENES = [
  [0.34, (r) => [[56 + between(r, -14, 14), 54 + between(r, -14, 14), between(r, 34, 64)]]],
  [0.5, (r) => [[56 + between(r, -20, 20), 46 + between(r, -14, 14), between(r, 18, 34)]]],
  [
    0.75,
    (r) =>
      Array.from({ length: 2 + Math.floor(r() * 4) }, () => [
        between(r, 12, 100),
        between(r, 12, 96),
        between(r, 14, 34),
      ]),
  ],
  [
    1,
    (r) =>
      Array.from({ length: 8 + Math.floor(r() * 18) }, () => [between(r, 0, 112), 112 * r() ** 0.7, 0]).map(
        ([x, y]) => [x, y + 8, 3 + (y / 112) * between(r, 7, 15)],
      ),
  ],
]
const BUNCH = (r) =>
  Array.from({ length: 5 + Math.floor(r() * 8) }, () => [
    56 + between(r, -34, 34),
    50 + between(r, -30, 34),
    between(r, 15, 25),
  ])

function scene(kind, random) {
  const lot = random()
  const arrange = kind.bunch && random() < 0.25 ? BUNCH : SCENES.find(([below]) => lot < below)[1]
  const places = arrange(random).sort((a, b) => a[1] - b[1])
  const one = random()
  const colour = random() < 0.65 ? () => one : random
  return frame(
    behind(random) + green(random, Math.floor(between(random, 0, 45)), between(random, 20, 100)),
    places.map(([x, y, r]) => flower(kind, x, y, r, colour, random)).join('') +
      (random() < 0.4 ? green(random, 5, 90) : ''),
    random,
  )
}

/** @param {number} seed @returns {import('./words.mjs').Image[]} */
export function drawnFlowers(seed = 1) {
  return KINDS.flatMap((kind, k) =>
    Array.from({ length: kind.share }, (_, i) => {
      const random = generator(seed * 7919 + k * 104729 + i * 1299709)
      const picture = {
        id: `drawn-flowers/${kind.names[0]}-${k}-${i}`,
        source: 'drawn-flowers',
        svg: scene(kind, random),
        photo: true,
        drawn: true,
      }
      return named(picture, kind.names, ['flower', 'flowers', ...(kind.tags ?? [])])
    }),
  )
}
