/** Cats and dogs that the recipe draws itself, since no photos of dogs were found: heads and bodies in many coats. */
import { behind, between, frame, green, hsl, n, pick, SIDE } from './drawn-scene.mjs'
import { generator } from './random.mjs'
import { named } from './words.mjs'

/** Coats: the fur's [hue, saturation, lightness], a second one, and its pattern. */
const CATS = [
  [[30, 18, 45], [28, 25, 20], 'tabby', 'tabby cat'],
  [[30, 65, 55], [24, 70, 38], 'tabby', 'orange cat'],
  [[210, 6, 50], [210, 8, 26], 'tabby', 'gray cat'],
  [[35, 30, 60], [25, 30, 30], 'tabby', 'tabby cat'],
  [[0, 0, 10], [0, 0, 12], 'plain', 'black cat'],
  [[210, 8, 42], [210, 8, 42], 'plain', 'gray cat'],
  [[40, 20, 92], [40, 20, 90], 'plain', 'white cat'],
  [[0, 0, 10], [0, 0, 94], 'blaze', 'black and white cat'],
  [[28, 20, 40], [0, 0, 92], 'blaze', 'tabby cat'],
  [[40, 30, 84], [25, 25, 22], 'mask', 'siamese cat'],
  [[0, 0, 92], [26, 65, 50], 'patches', 'calico cat'],
  [[20, 30, 16], [28, 60, 42], 'patches', 'tortoiseshell cat'],
]
const DOGS = [
  [[36, 55, 60], [38, 50, 70], 'muzzle', 'golden retriever'],
  [[34, 50, 72], [38, 45, 80], 'muzzle', 'labrador'],
  [[22, 45, 32], [24, 40, 38], 'muzzle', 'brown dog'],
  [[0, 0, 11], [0, 0, 15], 'muzzle', 'black dog'],
  [[0, 0, 11], [26, 60, 42], 'muzzle', 'rottweiler'],
  [[35, 40, 68], [20, 15, 14], 'muzzle', 'pug'],
  [[40, 15, 93], [40, 15, 92], 'plain', 'white dog'],
  [[28, 50, 45], [0, 0, 93], 'blaze', 'beagle'],
  [[0, 0, 12], [0, 0, 93], 'blaze', 'border collie'],
  [[215, 8, 40], [0, 0, 93], 'face', 'husky'],
  [[32, 45, 48], [20, 20, 14], 'muzzle', 'german shepherd'],
  [[0, 0, 94], [0, 0, 12], 'spots', 'dalmatian'],
  [[25, 60, 50], [35, 40, 88], 'blaze', 'corgi'],
  [[30, 35, 55], [30, 30, 62], 'plain', 'terrier'],
]

const ellipse = (x, y, rx, ry, fill, more = '') =>
  `<ellipse cx="${n(x)}" cy="${n(y)}" rx="${n(rx)}" ry="${n(ry)}" fill="${fill}" ${more}/>`
const both = (f) => f(-1) + f(1)

/** The second colour's pattern on a head whose centre is moved by d. */
const COATS = {
  plain: () => '',
  muzzle: () => '',
  tabby: (fur, d, random) => {
    let out = ''
    for (const x of [-34, -17, 0, 17, 34])
      out += `<path d="M${x + d},-84q${between(random, -4, 4)},20 ${-x * 0.35},36" fill="none" stroke="${fur()}" stroke-width="${n(between(random, 5, 9))}"/>`
    for (const y of [0, 16, 32])
      out += both(
        (m) =>
          `<path d="M${m * 94},${y}q${-m * 18},2 ${-m * 34},${12 - y * 0.2}" fill="none" stroke="${fur()}" stroke-width="6"/>`,
      )
    return out
  },
  blaze: (fur, d, random) =>
    `<path d="M${n(d)},${n(between(random, -90, -30))}C${n(d + 14)},-20 ${n(d + 60)},30 ${n(d + 50)},90L${n(d - 50)},90C${n(d - 60)},30 ${n(d - 14)},-20 ${n(d)},-90" fill="${fur()}"/>`,
  mask: (fur, d) => ellipse(d, 18, 52, 48, fur()),
  face: (fur, d) => both((m) => ellipse(d + m * 30, -8, 32, 30, fur())) + ellipse(d, 45, 58, 50, fur()),
  patches: (fur, _d, random) =>
    Array.from({ length: 5 }, () =>
      ellipse(
        between(random, -80, 80),
        between(random, -80, 70),
        between(random, 18, 45),
        between(random, 15, 40),
        random() < 0.6 ? fur() : hsl(20, 10, 12),
      ),
    ).join(''),
  spots: (fur, _d, random) =>
    Array.from({ length: 16 }, () =>
      ellipse(
        between(random, -85, 85),
        between(random, -85, 80),
        between(random, 4, 13),
        between(random, 4, 13),
        fur(),
      ),
    ).join(''),
}

function cat(fur, second, coat, d, random) {
  const dark = coat === 'mask' ? second : fur
  const pink = hsl(8, 35, between(random, 45, 70))
  const eye = pick(random, [hsl(80, 50, 50), hsl(50, 75, 50), hsl(35, 80, 45), hsl(110, 35, 50), hsl(205, 55, 60)])
  const wide = between(random, 3, 12)
  const light = coat === 'plain' ? fur : () => hsl(35, 15, between(random, 72, 92))
  const tall = between(random, 110, 142)
  return {
    ears: both(
      (m) =>
        `<path d="M${m * 90},-30L${m * between(random, 74, 92)},-${n(tall)}L${m * 14},-78Z" fill="${dark()}"/><path d="M${m * 78},-48L${m * 76},-${n(tall - 22)}L${m * 32},-74Z" fill="${pink}" fill-opacity=".75"/>`,
    ),
    head: ellipse(0, 0, between(random, 90, 100), between(random, 76, 86), fur()),
    face:
      both((m) => ellipse(d * 1.3 + m * 17, 40, 24, 19, light())) +
      ellipse(d * 1.3, 58, 18, 12, light()) +
      both(
        (m) =>
          ellipse(d + m * 40, -4, 20, between(random, 10, 17), '#1a1512') +
          ellipse(d + m * 40, -4, 17, between(random, 9, 15), eye) +
          ellipse(d + m * 40, -4, wide, 13, '#050505') +
          ellipse(d + m * 40 - 5, -9, 3.5, 3.5, '#fff'),
      ) +
      `<path d="M${n(d * 1.4 - 11)},18h22l-11,13Z" fill="${random() < 0.6 ? pink : '#2a1d1a'}"/><path d="M${n(d * 1.4)},31v10q-8,9 -18,5M${n(d * 1.4)},41q8,9 18,5" fill="none" stroke="#2a1d1a" stroke-width="3" stroke-opacity=".7"/>`,
    over: both((m) =>
      [-8, 2, 12]
        .map(
          (y) =>
            `<path d="M${n(d * 1.3 + m * 24)},${36 + y * 0.4}q${m * 45},${y - 6} ${m * 95},${y * 2}" fill="none" stroke="#fff" stroke-opacity=".7" stroke-width="1.6"/>`,
        )
        .join(''),
    ),
  }
}

function dog(fur, second, coat, d, random, name) {
  const patch = coat === 'plain' || coat === 'spots' ? fur : second
  const pricked = /husky|shepherd|corgi/.test(name) || random() < 0.12
  const [mx, my] = [between(random, 36, 50), between(random, 36, 50)]
  const drop = between(random, 20, 85)
  const ear = coat === 'spots' || coat === 'plain' || random() < 0.5 ? () => fur(-9) : fur
  const hang = (m) =>
    `<path d="M${m * 42},-78C${m * 95},-92 ${m * 128},-20 ${m * between(random, 98, 122)},${n(drop)}C${m * 92},${n(drop + 26)} ${m * 72},${n(drop * 0.5)} ${m * 62},-22Z" fill="${ear()}"/>`
  const stand = (m) =>
    `<path d="M${m * 80},-30L${m * between(random, 66, 84)},-135L${m * 18},-76Z" fill="${fur(-6)}"/><path d="M${m * 68},-50L${m * 68},-112L${m * 34},-74Z" fill="${hsl(10, 25, 45)}" fill-opacity=".6"/>`
  const nose = 14
  const open = random() < 0.5
  const eye = /husky/.test(name) && random() < 0.6 ? hsl(205, 60, 68) : hsl(22, 60, between(random, 12, 26))
  return {
    ears: pricked ? both(stand) : '',
    head: ellipse(0, -4, between(random, 72, 86), between(random, 78, 92), fur()),
    face:
      (open
        ? `<path d="M${n(d * 1.8 - 20)},${n(30 + my * 0.7)}q20,14 40,0v${n(between(random, 20, 44))}q-20,22 -40,0Z" fill="#4a1c1c"/>` +
          ellipse(d * 1.8, 46 + my, 15, between(random, 18, 34), hsl(352, 65, 66))
        : '') +
      ellipse(d * 1.7, 38, mx, my, patch()) +
      both((m) => (name === 'rottweiler' ? ellipse(d + m * 32, -42, 9, 7, patch()) : '')) +
      both(
        (m) =>
          ellipse(d + m * 35, -20, 13, 11, '#120d0a') +
          ellipse(d + m * 35, -20, 9.5, 9.5, eye) +
          ellipse(d + m * 35, -20, 5, 5, '#050505') +
          ellipse(d + m * 35 - 3, -24, 3.5, 3.5, '#fff'),
      ) +
      ellipse(d * 2, nose + 6, between(random, 17, 25), between(random, 13, 18), '#141112') +
      ellipse(d * 2 - 5, nose, 6, 3.5, '#8a8a90') +
      `<path d="M${n(d * 2)},${nose + 20}v18q-12,14 -32,4M${n(d * 2)},${nose + 38}q12,14 32,4" fill="none" stroke="#1a1312" stroke-width="4" stroke-opacity=".75"/>`,
    over: pricked ? '' : both(hang),
  }
}

/** A body from the side, on four legs, with a tail. */
function standing(m, fur, chest, kind, random) {
  const [long, deep, leg] = [between(random, 120, 165), between(random, 55, 75), between(random, 90, 150)]
  const legs = [30, 62, long * 1.5, long * 1.5 + 34].map(
    (x, i) =>
      `<rect x="${n(m * x - 15)}" y="90" width="30" height="${n(leg)}" rx="12" fill="${i % 2 ? fur(-7) : chest()}"/>`,
  )
  const tail = `<path d="M${n(m * (long * 1.75))},60q${n(m * 60)},${n(between(random, -30, 60))} ${n(m * between(random, 40, 80))},${n(-between(random, 40, 150))}" fill="none" stroke="${fur(-4)}" stroke-width="${kind === 'cat' ? 20 : 26}" stroke-linecap="round"/>`
  return tail + legs.join('') + ellipse(m * long * 0.85, 70, long, deep, fur())
}

const INDOORS = [
  [30, 25, 45],
  [35, 20, 65],
  [25, 35, 30],
  [210, 12, 55],
  [0, 0, 80],
  [20, 15, 20],
  [350, 35, 40],
  [220, 25, 38],
  [40, 12, 82],
]
const OUTDOORS = [
  [95, 40, 35],
  [85, 45, 45],
  [110, 30, 22],
  [205, 45, 65],
  [40, 30, 60],
  [0, 0, 60],
  [210, 10, 88],
]

/** @param {'cat' | 'dog'} kind */
function scene(kind, [first, other, coat, name], random) {
  const shade = between(random, -5, 5)
  const tone =
    ([h, s, l]) =>
    (more = 0) =>
      hsl(h + between(random, -3, 3), s, l + shade + more + between(random, -4, 4))
  const [fur, second] = [tone(first), tone(other)]
  const d = between(random, -20, 20)
  const parts = (kind === 'cat' ? cat : dog)(fur, second, coat, d, random, name)
  const chest = coat === 'blaze' || coat === 'face' ? second : fur
  const pose = random()
  const lying = pose < 0.35
  const m = random() < 0.5 ? -1 : 1
  const marks =
    coat === 'tabby'
      ? Array.from(
          { length: 7 },
          (_, i) =>
            `<path d="M${m * (40 + i * 34)},60q${m * 10},40 ${-m * 4},90" fill="none" stroke="${second()}" stroke-width="11"/>`,
        ).join('')
      : coat === 'patches' || coat === 'spots'
        ? `<g transform="translate(${lying ? m * 130 : 0},130) scale(1.3)">${COATS[coat](second, 0, random)}</g>`
        : ''
  const body = lying
    ? ellipse(m * 130, 105, 165, between(random, 72, 95), fur()) +
      marks +
      both((k) => ellipse(k * 46, 165, 30, 22, chest()))
    : pose < 0.6
      ? standing(m, fur, chest, kind, random) + marks
      : `<path d="M-62,30C-130,120 -135,250 -120,330H120C135,250 130,120 62,30Z" fill="${fur()}"/>${marks}` +
        ellipse(0, 140, 46, 90, chest()) +
        both((k) => ellipse(k * 40, 250, 26, 95, chest()))
  const [size, x, y] = pick(random, [
    [between(random, 0.38, 0.62), between(random, 42, 70), between(random, 44, 66)],
    [between(random, 0.22, 0.36), between(random, 34, 78), between(random, 32, 56)],
    [between(random, 0.13, 0.22), between(random, 28, 84), between(random, 30, 62)],
  ])
  const outdoors = random() < (kind === 'dog' ? 0.55 : 0.4)
  const filter =
    `<filter id="fur" x="-20%" y="-20%" width="140%" height="140%"><feTurbulence type="fractalNoise" baseFrequency="${between(random, 0.08, 0.4).toFixed(2)}" numOctaves="3" seed="${Math.floor(random() * 999)}" result="t"/><feDisplacementMap in="SourceGraphic" in2="t" scale="${n(between(random, 1.5, 6))}" xChannelSelector="R" yChannelSelector="G" result="d"/>` +
    `<feColorMatrix in="t" type="matrix" values="0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0.9 0 0 0 -0.33" result="k"/><feComposite in="k" in2="d" operator="in" result="s"/><feMerge><feMergeNode in="d"/><feMergeNode in="s"/></feMerge></filter>`
  const animal = `<g transform="translate(${n(x)},${n(y)}) scale(${n(size * 10)}) scale(0.1)">${body}<g transform="rotate(${n(between(random, -16, 16))}) scale(${between(random, 0.88, 1.05).toFixed(2)},1)"><clipPath id="h"><ellipse rx="92" ry="84"/></clipPath>${parts.ears}${parts.head}<g clip-path="url(#h)">${COATS[coat](second, d, random)}</g>${parts.face}${parts.over}</g></g>`
  const lower =
    random() < 0.6
      ? `<rect y="${n(between(random, 55, 95))}" width="${SIDE}" height="90" fill="${outdoors ? hsl(between(random, 70, 110), 35, between(random, 22, 50)) : hsl(between(random, 10, 50), between(random, 5, 40), between(random, 20, 85))}" filter="url(#soft)"/>`
      : ''
  return frame(
    behind(random, outdoors ? OUTDOORS : INDOORS) + lower + (outdoors ? green(random, 12, 60) : ''),
    `${filter}<g filter="url(#fur)">${animal}</g>`,
    random,
  )
}

/** @param {number} seed @returns {import('./words.mjs').Image[]} */
export function drawnPets(seed = 1) {
  return [
    ['cat', CATS, ['kitten', 'kitty']],
    ['dog', DOGS, ['puppy', 'doggy']],
  ].flatMap(([kind, coats, young], k) =>
    Array.from({ length: 560 }, (_, i) => {
      const random = generator(seed * 104651 + k * 15485863 + i * 1299721)
      const coat = coats[i % coats.length]
      const picture = {
        id: `drawn-pets/${kind}-${i}`,
        source: 'drawn-pets',
        svg: scene(kind, coat, random),
        photo: true,
        drawn: true,
      }
      return named(picture, [kind, coat[3]], ['pet', 'animal', ...young])
    }),
  )
}
