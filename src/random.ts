// Random numbers from seeds: xoshiro128** (Blackman and Vigna, 2018), its state filled by splitmix32 from a
// hash of the seeds.
// The same seeds give the same numbers everywhere; nothing here reads a clock or a shared state.

export interface Random {
  /** Uniform in [0, 1), 53 bits. */
  next(): number
  /** Uniform in [low, high). */
  uniform(low: number, high: number): number
  /** Normal with this mean and standard deviation; Default: 0 and 1. */
  normal(mean?: number, deviation?: number): number
  /** Uniform among the integers 0 … n − 1. */
  integer(n: number): number
  /** Shuffles in place (Fisher and Yates), and gives back the same array. */
  shuffle<T extends unknown[] | Uint32Array>(items: T): T
}

/** @param seeds any numbers and texts: `createRandom(7, 'ln_1.weight')`; each, and their order, matters */
export function createRandom(...seeds: readonly (number | string)[]): Random {
  // Four hashes, so that seeds that agree in one of them still differ.
  let [a, b, c, d] = [hash(seeds, 1), hash(seeds, 2), hash(seeds, 3), hash(seeds, 4) | 1]

  /** 32 bits. */
  function bits(): number {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0
    const t = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= t
    d = rotate(d, 11)
    return result
  }
  function next(): number {
    const high = bits() >>> 5
    return (high * 67108864 + (bits() >>> 6)) / 9007199254740992
  }
  const integer = (n: number) => Math.floor(next() * n)
  let spare: number | undefined
  /** Box and Muller's transform gives two at a time. */
  function standard(): number {
    if (spare !== undefined) {
      const value = spare
      spare = undefined
      return value
    }
    const radius = Math.sqrt(-2 * Math.log(1 - next()))
    const angle = 2 * Math.PI * next()
    spare = radius * Math.sin(angle)
    return radius * Math.cos(angle)
  }

  return {
    next,
    uniform: (low, high) => low + (high - low) * next(),
    normal: (mean = 0, deviation = 1) => mean + deviation * standard(),
    integer,
    shuffle(items) {
      for (let i = items.length - 1; i > 0; i--) {
        const j = integer(i + 1)
        const item = items[i]
        items[i] = items[j] as number
        items[j] = item as number
      }
      return items
    },
  }
}

const rotate = (x: number, by: number) => (x << by) | (x >>> (32 - by))

/** Numbers and texts to 32 well mixed bits: FNV-1a over the text of each with its type, from a start of one's own. */
function hash(seeds: readonly (number | string)[], start: number): number {
  let bits = Math.imul(start, 0x9e3779b9) ^ 0x811c9dc5
  for (const seed of seeds) {
    const text = `${typeof seed}${seed}\0`
    for (let i = 0; i < text.length; i++) bits = Math.imul(bits ^ text.charCodeAt(i), 0x01000193)
  }
  return splitmix32(bits)
}

/** One step of Steele, Lea and Flood's generator, which spreads a poor seed over all bits. */
function splitmix32(seed: number): number {
  let z = (seed + 0x9e3779b9) | 0
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b)
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35)
  return z ^ (z >>> 16)
}
