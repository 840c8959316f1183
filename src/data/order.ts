// In which order an epoch goes through a data set: decided by seed and epoch alone, before anything is read.

import { createRandom } from '../random.ts'
import type { Order } from './sample.ts'

/** 0 … size − 1, all orders equally likely; as they are without shuffling. */
export function permutation(size: number, { seed, epoch, shuffle }: Order, purpose = 'order'): Uint32Array {
  const places = Uint32Array.from({ length: size }, (_, i) => i)
  return shuffle ? createRandom(purpose, seed, epoch).shuffle(places) : places
}

/**
 * The order of a stream of `size` after a shuffle buffer, which draws a random one of the next `capacity` each time. Only
 * places are moved, so nothing is read to know the order.
 */
export function throughBuffer(size: number, capacity: number, { seed, epoch, shuffle }: Order): Uint32Array {
  const places = Uint32Array.from({ length: size }, (_, i) => i)
  if (!shuffle) return places
  const random = createRandom('buffer', seed, epoch)
  const buffer = places.slice(0, capacity)
  let held = buffer.length
  for (let i = 0; i < size; i++) {
    const drawn = random.integer(held)
    const next = i + capacity < size ? i + capacity : undefined
    places[i] = buffer[drawn]!
    buffer[drawn] = next ?? buffer[--held]!
  }
  return places
}
