import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { picture, tarArchive } from '../../test/shards.ts'
import { UsageError } from '../errors.ts'
import { decode } from '../image/decode.node.ts'
import { type Preprocessing, preprocess } from '../image/transform.ts'
import { type Batch, type BatchesOptions, batches, type Cursor } from './batches.node.ts'
import { combine } from './combine.ts'
import { indexedSource } from './indexed.ts'
import { openSource } from './open.node.ts'
import type { Source } from './sample.ts'

const preprocessing: Preprocessing = {
  size: 8,
  order: 'openai',
  mode: 'shortest',
  interpolation: 'bicubic',
  mean: [0, 0, 0],
  std: [1, 1, 1],
}

const pictures: Buffer[] = []
const root = mkdtempSync(join(tmpdir(), 'typeclip-batches-'))
beforeAll(async () => {
  // Noise, so that every crop of every image has pixels of its own.
  const { default: sharp } = await import('sharp')
  for (let i = 0; i < 23; i++) {
    const raw = { width: 14, height: 11, channels: 3 } as const
    const data = Buffer.from(Array.from({ length: 14 * 11 * 3 }, (_, k) => (k * k * 31 + i * 57 + k * i) % 256))
    pictures.push(await sharp(data, { raw }).png().toBuffer())
  }
})
afterAll(() => rmSync(root, { recursive: true }))

/** Images in memory; numbers 4, 9 and 10 are broken in three ways. */
function memory(size = 23): Source {
  return indexedSource('memory', size, undefined, (i) => {
    if (i === 4) return { key: '4', reason: 'no caption' }
    const image = i === 9 ? Buffer.from('not an image') : i === 10 ? join(root, 'nowhere.png') : pictures[i]!
    return { key: `${i}`, image, captions: [`one ${i}`, `two ${i}`, `three ${i}`], label: `class ${i % 2}` }
  })
}

const usual = { batch: 5, seed: 7, shuffle: true, augment: {}, preprocessing, workers: 0 } as const

async function take(count: number, options: Partial<BatchesOptions> & { source: Source }): Promise<Batch[]> {
  const taken: Batch[] = []
  for await (const batch of batches({ ...usual, ...options })) {
    taken.push(batch)
    if (taken.length === count) break
  }
  return taken
}

it('gives full batches, each broken sample’s place to the next, and names what is broken', async () => {
  const [first, second, ...others] = await take(9, { source: memory(), shuffle: false, augment: undefined, epochs: 2 })
  expect(first!.keys).toEqual(['0', '1', '2', '3', '5'])
  expect(first!.skipped).toEqual([{ key: '4', reason: 'no caption' }])
  expect(first!.cursor).toEqual({ epoch: 0, samples: 6 })
  expect(first!.labels).toEqual(['class 0', 'class 1', 'class 0', 'class 1', 'class 1'])
  expect(second!.keys).toEqual(['6', '7', '8', '11', '12'])
  expect(second!.skipped.map(({ key }) => key)).toEqual(['9', '10'])
  expect(second!.skipped[0]!.reason).toMatch('image: this is text')
  expect(second!.skipped[1]!.reason).toMatch('nowhere.png: cannot be read')
  // 20 usable samples are four whole batches, twice.
  expect(others.length).toBe(6)
  expect(others[1]!.cursor).toEqual({ epoch: 0, samples: 23 })
  expect(others[2]!.cursor).toEqual({ epoch: 1, samples: 6 })
  const expected = await Promise.all(
    [0, 1, 2, 3, 5].map(async (i) => preprocess(await decode(pictures[i]!), preprocessing)),
  )
  expect(Buffer.compare(first!.pixels, Buffer.concat(expected))).toBe(0)
})

it('leaves out what does not fill a batch at the end of an epoch', async () => {
  const all = await take(99, { source: memory(), batch: 6, epochs: 3 })
  expect(all.map(({ cursor }) => cursor.epoch)).toEqual([0, 0, 0, 1, 1, 1, 2, 2, 2])
  for (const epoch of [0, 1, 2]) {
    const keys = all.filter(({ cursor }) => cursor.epoch === epoch).flatMap(({ keys }) => keys)
    expect(new Set(keys).size).toBe(18)
  }
  expect(all.every(({ pixels, captions }) => pixels.length === 6 * 3 * 64 && captions.length === 6)).toBe(true)
})

it('crops differently each epoch, uses each of an image’s captions, and depends on the seed', async () => {
  const all = await take(99, { source: memory(), shuffle: false, epochs: 6 })
  const firsts = all.filter((_, i) => i % 4 === 0)
  expect(firsts.map(({ keys }) => keys[0])).toEqual(Array(6).fill('0'))
  expect(new Set(firsts.map(({ pixels }) => Buffer.from(pixels).toString('hex'))).size).toBe(6)
  const captions = new Set(all.flatMap((batch) => batch.captions.map((caption) => caption.split(' ')[0])))
  expect([...captions].sort()).toEqual(['one', 'three', 'two'])
  const [again] = await take(1, { source: memory(), shuffle: false })
  expect(again).toEqual(all[0])
  const [other] = await take(1, { source: memory(), shuffle: false, seed: 8 })
  expect(other!.keys).toEqual(all[0]!.keys)
  expect(other!.pixels).not.toEqual(all[0]!.pixels)
})

it('resumes after any batch exactly as if it had not stopped, with and without threads', async () => {
  const files: Record<string, Uint8Array | string> = {}
  for (let i = 0; i < 12; i++) {
    files[`${i}.png`] = pictures[i]!
    files[`${i}.json`] = JSON.stringify({ caption: [`red ${i}`, `green ${i}`, `blue ${i}`] })
  }
  const archive = tarArchive(files)
  writeFileSync(join(root, 's-0.tar'), archive)
  writeFileSync(join(root, 's-1.tar'), archive.subarray(0, archive.length - 3000))
  const shards = await openSource(join(root, 's-{0..2}.tar'), { shuffleBuffer: 5 })
  for (const source of [memory(), shards, combine([memory(), shards])]) {
    for (const augment of [{ flip: 0.5, grayscale: 0.3 }, undefined]) {
      const whole = await take(11, { source, augment, workers: 2 })
      expect(whole.length).toBe(11)
      expect(whole.at(-1)!.cursor.epoch).toBeGreaterThan(0)
      for (const [i, { cursor }] of whole.entries()) {
        const saved = JSON.parse(JSON.stringify(cursor)) as Cursor
        if (i < 10) expect(await take(10 - i, { source, augment, cursor: saved })).toEqual(whole.slice(i + 1))
      }
    }
  }
})

it('says so when an epoch has fewer samples than a batch', async () => {
  await expect(take(1, { source: memory(), batch: 24 })).rejects.toThrow(
    'memory: 23 usable samples in an epoch do not fill a batch of 24; choose a `batch` of 23 or less, or more data',
  )
  await expect(take(1, { source: memory(), batch: 21 })).rejects.toThrow(
    /memory: 20 usable samples in an epoch do not fill a batch of 21; 3 cannot be used, the first: \d+: .*`batch` of 20 or less/,
  )
  await expect(take(1, { source: memory(), batch: 0 })).rejects.toThrow(UsageError)
})

it('ends with an error when every sample is broken', async () => {
  const source = indexedSource('broken', 30, undefined, (i) => ({
    key: `${i}`,
    image: Buffer.from('x'),
    captions: ['c'],
  }))
  await expect(take(1, { source })).rejects.toThrow(
    /broken: 0 usable samples .* 30 cannot be used, the first: \d+: image/,
  )
})

it('prepares ahead two batches and not the whole data', async () => {
  let asked = 0
  const source: Source = {
    name: 'counting',
    size: 1000,
    async *samples() {
      for (let i = 0; i < 1000; i++) {
        asked++
        yield { key: `${i}`, image: pictures[i % 23]!, captions: ['c'] }
      }
    },
  }
  const stream = batches({ ...usual, source })
  expect(asked).toBe(0)
  await stream.next()
  await new Promise((done) => setTimeout(done, 50))
  expect(asked).toBeGreaterThanOrEqual(15)
  expect(asked).toBeLessThanOrEqual(17)
  await stream.next()
  expect(asked).toBeGreaterThanOrEqual(20)
  expect(asked).toBeLessThanOrEqual(22)
  await stream.return()
})

it('stops on a signal, and throws errors that are not of a broken image', async () => {
  const stop = new AbortController()
  const stream = batches({ ...usual, source: memory(), signal: stop.signal })
  await stream.next()
  stop.abort(new Error('enough'))
  await expect(stream.next()).rejects.toThrow('enough')
  const source: Source = {
    name: 'failing',
    size: 10,
    // biome-ignore lint/correctness/useYield: it fails before
    async *samples() {
      throw new Error('the disk is on fire')
    },
  }
  await expect(take(1, { source })).rejects.toThrow('the disk is on fire')
})

it('trains on a table whose rows share an image', async () => {
  writeFileSync(join(root, 'p.png'), await picture(3))
  writeFileSync(join(root, 't.csv'), 'image,caption\np.png,a\nq.png,b\np.png,c\n')
  const source = await openSource(join(root, 't.csv'))
  expect(source.size).toBe(2)
  const [batch] = await take(1, { source, batch: 1, shuffle: false })
  expect(['a', 'c']).toContain(batch!.captions[0])
})
