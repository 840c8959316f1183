/** The scenes of the drawn flowers and pets: random numbers, colours, blurred backgrounds, blades and leaves, light. */

export const SIDE = 112
export const pick = (random, list) => list[Math.floor(random() * list.length)]
export const between = (random, low, high) => low + (high - low) * random()
export const n = (x) => x.toFixed(1)
/** @param {number} h hue @param {number} s saturation, % @param {number} l lightness, % */
export const hsl = (h, s, l) =>
  `hsl(${n(((h % 360) + 360) % 360)},${n(Math.min(100, s))}%,${n(Math.max(2, Math.min(98, l)))}%)`

/** A petal from the middle outwards, its tip at (0, -1). */
export const petal = (w, tip) =>
  `M0,0C${n(w * 60)},-30 ${n(w * 100)},-${tip} 0,-100C-${n(w * 100)},-${tip} -${n(w * 60)},-30 0,0`

const GREENS = [
  [95, 40, 28],
  [85, 45, 38],
  [110, 30, 18],
  [75, 40, 45],
  [130, 25, 12],
  [205, 55, 62],
  [30, 20, 35],
  [40, 15, 70],
  [0, 0, 8],
  [90, 50, 55],
]

/** A blurred background: something green, or something else. */
export function behind(random, tones = GREENS) {
  const [h, s, l] = pick(random, tones)
  let out = `<rect width="${SIDE}" height="${SIDE}" fill="${hsl(h, s, l)}"/><g filter="url(#soft)">`
  for (let i = 0; i < 26; i++)
    out += `<ellipse cx="${n(random() * SIDE)}" cy="${n(random() * SIDE)}" rx="${n(between(random, 4, 26))}" ry="${n(between(random, 3, 20))}" fill="${hsl(h + between(random, -25, 25), s * between(random, 0.5, 1.2), l + between(random, -18, 18))}" fill-opacity=".7"/>`
  return `${out}</g>`
}

/** Blades and leaves. */
export function green(random, count, top) {
  let out = ''
  for (let i = 0; i < count; i++) {
    const colour = hsl(between(random, 75, 130), between(random, 25, 60), between(random, 15, 48))
    const [x, y] = [random() * SIDE, between(random, top, SIDE + 20)]
    if (random() < 0.6) {
      const reach = between(random, 12, 50)
      out += `<path d="M${n(x)},${n(y)}q${n(between(random, -6, 6))},${n(-reach * 0.6)} ${n(between(random, -18, 18))},${n(-reach)}" fill="none" stroke="${colour}" stroke-width="${n(between(random, 0.8, 4.5))}"/>`
    } else
      out += `<path d="${petal(between(random, 0.3, 0.6), 60)}" transform="translate(${n(x)},${n(y)}) rotate(${n(random() * 360)}) scale(${between(random, 0.08, 0.3).toFixed(2)})" fill="${colour}"/>`
  }
  return out
}

/** An image: the background, the drawing, and light and shade over both. */
export function frame(back, front, random) {
  const light = random()
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${SIDE}" height="${SIDE}"><defs><filter id="soft"><feGaussianBlur stdDeviation="${n(between(random, 2, 8))}"/></filter>` +
    `<linearGradient id="shade" x1="${n(random())}" y1="0" x2="${n(random())}" y2="1"><stop offset="0" stop-color="#${light < 0.5 ? '000' : 'fff'}" stop-opacity="${between(random, 0, 0.25).toFixed(2)}"/><stop offset="1" stop-color="#000" stop-opacity="${between(random, 0, 0.4).toFixed(2)}"/></linearGradient></defs>` +
    `${back}${front}<rect width="${SIDE}" height="${SIDE}" fill="url(#shade)"/></svg>`
  )
}
