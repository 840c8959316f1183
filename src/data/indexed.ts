// A source whose samples can be read by number: folders and tables.

import { permutation } from './order.ts'
import type { Order, Sample, Skipped, Source } from './sample.ts'

/** Samples that are read at once: caption files are small, and reading one after the other would be slow. */
const together = 64

/** @param at sample number `index` in the natural order */
export function indexedSource(
  name: string,
  size: number,
  labels: readonly string[] | undefined,
  at: (index: number) => Promise<Sample | Skipped> | Sample | Skipped,
): Source {
  return {
    name,
    size,
    labels,
    async *samples(order: Order) {
      const places = permutation(size, order).subarray(order.skip ?? 0)
      for (let begin = 0; begin < places.length; begin += together) {
        yield* await Promise.all(Array.from(places.subarray(begin, begin + together), at))
      }
    },
  }
}
