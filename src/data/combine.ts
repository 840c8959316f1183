// Several sources as one, shuffled together.

import { UsageError } from '../errors.ts'
import { createRandom } from '../random.ts'
import type { Order, Sample, Skipped, Source } from './sample.ts'

/** Shuffled, each sample of an epoch comes from a random source; otherwise one source follows the other. */
export function combine(sources: readonly Source[]): Source {
  const [first] = sources
  if (!first) throw new UsageError('data: no source is given; name at least one')
  if (sources.length === 1) return first
  const size = sources.reduce((sum, source) => sum + source.size, 0)
  const labels = sources.every((source) => source.labels)
    ? [...new Set(sources.flatMap((source) => source.labels ?? []))]
    : undefined
  const notices = sources.flatMap((source) => source.notices ?? [])
  const known = sources.every((source) => source.digest)
  return {
    name: sources.map((source) => source.name).join(', '),
    size,
    labels,
    notices,
    digest: known ? async () => (await Promise.all(sources.map((source) => source.digest!()))).join(' ') : undefined,
    samples: (order) => mixed(sources, turns(sources, order), order),
  }
}

/** The source of each place. */
function turns(sources: readonly Source[], { seed, epoch, shuffle }: Order): Uint32Array {
  const each = new Uint32Array(sources.reduce((sum, source) => sum + source.size, 0))
  let end = 0
  for (const [i, source] of sources.entries()) {
    each.fill(i, end, end + source.size)
    end += source.size
  }
  return shuffle ? createRandom('turns', seed, epoch).shuffle(each) : each
}

async function* mixed(
  sources: readonly Source[],
  turns: Uint32Array,
  order: Order,
): AsyncGenerator<Sample | Skipped, void, undefined> {
  const skip = order.skip ?? 0
  const left = sources.map(() => 0)
  for (const turn of turns.subarray(0, skip)) left[turn]!++
  // Each has an order of its own, even if the same data is named twice.
  const streams = sources.map((source, i) => {
    const own: Order = { ...order, seed: createRandom('source', order.seed, i).integer(2 ** 32), skip: left[i]! }
    return source.samples(own)[Symbol.asyncIterator]()
  })
  try {
    for (const turn of turns.subarray(skip)) {
      const next = await streams[turn]!.next()
      if (!next.done) yield next.value
    }
  } finally {
    await Promise.all(streams.map((stream) => stream.return?.()))
  }
}
