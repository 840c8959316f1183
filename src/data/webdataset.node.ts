// WebDataset: tar shards in which the files of a sample follow one another and share a name (`000123.jpg`, `000123.txt`).

import { createHash, type Hash } from 'node:crypto'
import { InputError, UsageError } from '../errors.ts'
import { decodeUtf8 } from '../files/utf8.ts'
import { checkTemplates, defaultTemplates, fillTemplates } from '../zero-shot/prompts.ts'
import { trimmed } from './captions.ts'
import { byName, isIgnoredFolder, isImageFile } from './image-files.ts'
import { permutation, throughBuffer } from './order.ts'
import type { Order, Sample, Skipped, Source } from './sample.ts'
import { type ShardBytesOptions, shardBytes } from './shard-bytes.node.ts'
import { members, TornError } from './tar.ts'

/** How WebDataset shards are read. */
export interface WebDatasetOptions extends ShardBytesOptions {
  /** The field of a `.json` member; `caption`, unless told. */
  captionColumn?: string | undefined
  /** With `{}` for the class of a `.cls` member: captions of samples that have none; `a photo of a {}.` unless told. */
  templates?: readonly string[] | undefined
  /** How far ahead a sample may be drawn from, in samples; about 2,000 unless told, fewer where they are large. */
  shuffleBuffer?: number | undefined
}

/** The shuffle buffer holds files as they are; of large photos not so many that memory runs out. */
const bufferSamples = 2000
const bufferBytes = 512 * 2 ** 20

/** The members of one sample by the end of their names. */
interface Group {
  name: string
  files: Map<string, Uint8Array | undefined>
  bytes: number
}

interface Shard {
  where: string
  samples: number
  bytes: number
  /** Why not all of it can be read; takes a place of its own in the order. */
  torn?: string
}

/**
 * The members are counted once, here: of local files by their headers alone; over http every shard is read through.
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
    ...(labels.size > 0 && { labels: [...labels].sort(byLabel) }),
    digest: () => Promise.resolve(identity),
    samples: (order) => shuffled(counted, order, options.shuffleBuffer ?? roomy, options),
  }
}

const places = (shard: Shard): number => shard.samples + (shard.torn === undefined ? 0 : 1)

/** Class numbers by their value, names by their letters. */
function byLabel(a: string, b: string): number {
  return /^\d+$/.test(a) && /^\d+$/.test(b) ? Number(a) - Number(b) : byName(a, b)
}

const words = ['txt', 'json', 'cls']

/** Counts the samples, and adds their classes and their identity (names, sizes, words) to those of the other shards. */
async function count(
  where: string,
  options: WebDatasetOptions,
  { labels, hash }: { labels: Set<string>; hash: Hash },
): Promise<Shard> {
  const shard: Shard = { where, samples: 0, bytes: 0 }
  try {
    for await (const group of groups(where, options, (extension) => words.includes(extension))) {
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

/** The class of a sample whose class can be read; the sample is skipped by name where it cannot. */
function classOf(group: Group): string | undefined {
  try {
    return textOf(group, 'cls')
  } catch (error) {
    if (error instanceof UsageError) return undefined
    throw error
  }
}

/** What stops one shard and nothing else. */
function reason(error: unknown, { signal }: WebDatasetOptions): string {
  signal?.throwIfAborted()
  if (error instanceof TornError || error instanceof InputError) return error.message
  const { code, message } = error as NodeJS.ErrnoException
  if (code === undefined) throw error
  return `cannot be read (${message})`
}

/** The samples of a shard that are whole. */
async function* groups(
  where: string,
  options: WebDatasetOptions,
  wanted: (extension: string) => boolean,
): AsyncGenerator<Group, void, undefined> {
  const stream = await shardBytes(where, options)
  try {
    let group: Group | undefined
    for await (const member of members(stream, (name) => wanted(split(name)[1]))) {
      const [name, extension] = split(member.name)
      if (name === '') continue
      if (group && group.name !== name) yield group
      if (group?.name !== name) group = { name, files: new Map(), bytes: 0 }
      group.files.set(extension, member.data)
      group.bytes += member.size
    }
    if (group) yield group
  } finally {
    await stream.close()
  }
}

/** What a sample is made from; masks, embeddings and the like are read past. */
const useful = (extension: string) => words.includes(extension) || isImageFile(`x.${extension}`)

/** `a/b.c/000123.seg.png` to `a/b.c/000123` and `seg.png`; hidden files, and those of hidden or system folders, to nothing. */
function split(name: string): [string, string] {
  if (name.split('/').slice(0, -1).some(isIgnoredFolder)) return ['', '']
  const match = /^((?:.*\/)?[^./][^./]*)\.([^/]+)$/.exec(name)
  return match ? [match[1]!, match[2]!.toLowerCase()] : ['', '']
}

/** Each shard is read once, in the order drawn for the shards; what is drawn later waits in the buffer. */
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

/** The wanted samples with their places; shards of which none is wanted are not opened. */
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
        for await (const group of groups(shard.where, options, useful)) {
          if (wanted[place]) yield [place, sampleOf(shard, group, options)]
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

function sampleOf(
  { where }: Shard,
  group: Group,
  { captionColumn = 'caption', templates }: WebDatasetOptions,
): Sample | Skipped {
  const key = `${where}#${group.name}`
  const extensions = [...group.files.keys()]
  const image = extensions.find((extension) => isImageFile(`x.${extension}`))
  if (image === undefined) return { key, reason: `no image among its members (${extensions.join(', ')})` }
  try {
    const label = textOf(group, 'cls')
    const captions = captionsOf(group, captionColumn)
    if (captions.length === 0 && label) captions.push(...fillTemplates(templates ?? defaultTemplates, label))
    if (captions.length > 0) return { key, image: group.files.get(image)!, captions, ...(label && { label }) }
  } catch (error) {
    if (error instanceof UsageError) return { key, reason: error.message }
    throw error
  }
  const found = extensions.filter((extension) => extension !== image).join(', ') || 'nothing'
  return { key, reason: `no caption beside the image (.txt, or "${captionColumn}" of .json; found ${found})` }
}

/** @throws UsageError for a member that is not UTF-8 */
function textOf(group: Group, extension: string): string | undefined {
  const data = group.files.get(extension)
  return data && decodeUtf8(data, `its .${extension}`).trim()
}

/** `.txt` as a whole, as open_clip reads it; else a field of `.json`: a text, or several. */
function captionsOf(group: Group, field: string): string[] {
  const own = trimmed([textOf(group, 'txt') ?? ''])
  if (own.length > 0) return own
  const json = textOf(group, 'json')
  if (json === undefined) return []
  let fields: unknown
  try {
    fields = JSON.parse(json)
  } catch (error) {
    throw new UsageError(`its .json is not JSON (${(error as Error).message})`)
  }
  const value = (fields as Record<string, unknown> | null)?.[field] ?? []
  const texts = (Array.isArray(value) ? value : [value]).filter((text) => text !== null)
  const isText = (text: unknown): text is string => typeof text === 'string'
  if (texts.every(isText)) return trimmed(texts)
  throw new UsageError(`"${field}" of its .json is ${JSON.stringify(value)}; expected a text, or a list of texts`)
}
