// WebDataset: tar shards in which the files of a sample follow one another and share a name (`000123.jpg`, `000123.txt`).

import { createHash, type Hash } from 'node:crypto'
import { InputError, UsageError } from '../errors.ts'
import { checkTemplates } from '../zero-shot/prompts.ts'
import { byName } from './image-files.ts'
import { permutation, throughBuffer } from './order.ts'
import type { Order, Sample, Skipped, Source } from './sample.ts'
import { classOf, groups, isText, sampleOf, type WebDatasetOptions } from './shard-samples.node.ts'
import { TornError } from './tar.ts'

/** The shuffle buffer holds undecoded files, fewer of large ones so that memory suffices. */
const bufferSamples = 2000
const bufferBytes = 512 * 2 ** 20

interface Shard {
  where: string
  samples: number
  bytes: number
  /** Why not all of it can be read; has a place of its own in the order. */
  torn?: string | undefined
}

/**
 * Counts the members once: of local files by their headers alone; over http by reading every shard.
 *
 * @throws UsageError where no shard holds a sample
 */
export async function openWebDataset(
  name: string,
  shards: readonly string[],
  options: WebDatasetOptions = {},
): Promise<Source> {
  checkTemplates(options.templates ?? [])
  const labels = new Set<string>()
  const hash = createHash('sha256')
  const counted: Shard[] = []
  for (const where of shards) counted.push(await count(where, options, { labels, hash }))
  const samples = counted.reduce((sum, shard) => sum + shard.samples, 0)
  if (samples === 0) {
    const [first] = counted
    throw new UsageError(
      `${name}: no samples in ${shards.length} shards` +
        (first ? `; the first, ${first.where}: ${first.torn ?? 'it has no members'}` : ''),
    )
  }
  const bytes = counted.reduce((sum, shard) => sum + shard.bytes, 0)
  const roomy = Math.max(1, Math.min(bufferSamples, Math.floor(bufferBytes / (bytes / samples))))
  const identity = hash.digest('hex').slice(0, 32)
  return {
    name,
    size: counted.reduce((sum, shard) => sum + places(shard), 0),
    labels: labels.size > 0 ? [...labels].sort(byLabel) : undefined,
    digest: () => Promise.resolve(identity),
    samples: (order) => shuffled(counted, order, options.shuffleBuffer ?? roomy, options),
  }
}

const places = (shard: Shard): number => shard.samples + (shard.torn === undefined ? 0 : 1)

/** Class numbers by their value, names by their letters. */
function byLabel(a: string, b: string): number {
  return /^\d+$/.test(a) && /^\d+$/.test(b) ? Number(a) - Number(b) : byName(a, b)
}

/** Counts the samples, and adds their classes and their identity (names, sizes, captions) to those of the other shards. */
async function count(
  where: string,
  options: WebDatasetOptions,
  { labels, hash }: { labels: Set<string>; hash: Hash },
): Promise<Shard> {
  const shard: Shard = { where, samples: 0, bytes: 0 }
  try {
    for await (const group of groups(where, options, isText)) {
      shard.samples++
      shard.bytes += group.bytes
      hash.update(`${JSON.stringify([group.name, group.bytes, [...group.files.keys()]])}\n`)
      for (const data of group.files.values()) if (data) hash.update(data)
      const label = classOf(group)
      if (label) labels.add(label)
    }
  } catch (error) {
    shard.torn = reason(error, options)
  }
  return shard
}

/** Why a shard cannot be read further. @throws an error that is not about the shard */
function reason(error: unknown, { signal }: WebDatasetOptions): string {
  signal?.throwIfAborted()
  if (error instanceof TornError || error instanceof InputError) return error.message
  const { code, message } = error as NodeJS.ErrnoException
  if (code === undefined) throw error
  return `cannot be read (${message})`
}

/** Each shard is read once, in a random order of shards; samples whose turn comes later wait in the buffer. */
async function* shuffled(
  shards: readonly Shard[],
  order: Order,
  capacity: number,
  options: WebDatasetOptions,
): AsyncGenerator<Sample | Skipped, void, undefined> {
  const drawn = Array.from(permutation(shards.length, order, 'shards'), (i) => shards[i]!)
  const size = drawn.reduce((sum, shard) => sum + places(shard), 0)
  const sequence = throughBuffer(size, capacity, order).subarray(order.skip ?? 0)
  const wanted = new Uint8Array(size)
  for (const place of sequence) wanted[place] = 1
  const stream = inOrder(drawn, wanted, options)
  const buffer = new Map<number, Sample | Skipped>()
  try {
    for (const place of sequence) {
      while (!buffer.has(place)) {
        const next = await stream.next()
        if (next.done) return
        buffer.set(...next.value)
      }
      yield buffer.get(place)!
      buffer.delete(place)
    }
  } finally {
    await stream.return()
  }
}

/** The wanted samples with their places; a shard without any is not opened. */
async function* inOrder(
  shards: readonly Shard[],
  wanted: Uint8Array,
  options: WebDatasetOptions,
): AsyncGenerator<[number, Sample | Skipped], void, undefined> {
  let first = 0
  for (const shard of shards) {
    const end = first + shard.samples
    const last = wanted.subarray(first, end).lastIndexOf(1) + first
    let place = first
    let failed: string | undefined
    try {
      if (last >= first) {
        for await (const group of groups(shard.where, options)) {
          if (wanted[place]) yield [place, sampleOf(shard.where, group, options)]
          if (place++ === last) break
        }
        if (place <= last) failed = `it has fewer samples than when it was counted; start again`
      }
    } catch (error) {
      failed = reason(error, options)
    }
    // Each sample that could not be read keeps its place.
    for (; failed !== undefined && place <= last; place++) {
      if (wanted[place]) yield [place, { key: `${shard.where}#${place - first}`, reason: failed }]
    }
    if (shard.torn !== undefined && wanted[end]) yield [end, { key: shard.where, reason: shard.torn }]
    first += places(shard)
  }
}
