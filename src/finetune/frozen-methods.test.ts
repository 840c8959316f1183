// The methods that leave the model as it is, each from images to a folder that answers with its classifier.

import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { apart } from '../../test/golden.ts'
import { openCheckpoint } from '../checkpoint/open.node.ts'
import { load } from '../clip/load.node.ts'
import { createRandom } from '../random.ts'
import { openInitialModel } from '../training/initial-model.node.ts'
import { readClassifier } from '../zero-shot/classifier-file.node.ts'
import { zeroShotClassifier } from '../zero-shot/prompt-ensemble.ts'
import { type FinetuneEvent, type FinetuneOptions, type FinetuneResult, finetune } from './finetune.node.ts'

const colors = { red: [210, 40, 30], green: [30, 170, 50], blue: [30, 60, 200] } as const
const words = new Map([
  ['red', 'rose'],
  ['green', 'leaf'],
  ['blue', 'sky'],
])
/** A step an epoch is few: a higher rate than usual. */
const coopSettings = { epochs: 40, learningRate: 0.03 }
/** Features that are kept: of ten views and of the images that judge, of both sets, of those that are learnt from. */
const files = { 'tip-adapter': 11, 'tip-adapter-f': 11, 'linear-probe': 2, coop: 1 }
let folder: string

async function writePictures(name: string, each: number): Promise<void> {
  for (const [color, rgb] of Object.entries(colors)) {
    await mkdir(join(folder, name, color), { recursive: true })
    for (let i = 0; i < each; i++) {
      const random = createRandom(name, color, i)
      const data = Uint8Array.from({ length: 80 * 72 * 3 }, (_, at) => rgb[at % 3]! + random.integer(40))
      const raw = { width: 80, height: 72, channels: 3 } as const
      await sharp(data, { raw })
        .png()
        .toFile(join(folder, name, color, `${i}.png`))
    }
  }
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'typeclip-'))
  await writePictures('train', 4)
  await writePictures('val', 2)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

type Given<Options> = Options extends { data: unknown }
  ? Omit<Options, 'data'> & Partial<Pick<FinetuneOptions, 'data'>>
  : never

async function run(options: Given<FinetuneOptions>) {
  const events: FinetuneEvent[] = []
  const all = { data: join(folder, 'train'), validation: join(folder, 'val'), words, threads: 1, ...options }
  for await (const event of finetune(all)) events.push(event)
  const last = events.at(-1)!
  if (last.kind !== 'result') throw new Error(`the last event is ${last.kind}`)
  return { events, result: last.result as FinetuneResult }
}

describe.each(['linear-probe', 'coop', 'tip-adapter', 'tip-adapter-f'] as const)('%s', (method) => {
  it('tells the classes, and its folder answers with its classifier, by the words that were given', async () => {
    const out = join(folder, method)
    const { result } = await run({ method, out, ...(method === 'coop' && coopSettings) })
    expect(result).toMatchObject({ top1: 1, n: 6, trained: 12, classifier: true })
    const classifier = (await readClassifier(out))!
    expect(new Set(classifier.names)).toEqual(new Set(words.values()))
    expect(classifier.normalize ?? true).toBe(method !== 'linear-probe')
    expect(classifier.cache?.values.length).toBe(method.startsWith('tip') ? 12 : undefined)
    expect((await readdir(join(out, 'features'))).length).toBe(files[method])
  }, 60_000)
})

it('takes an opened model as it is, whatever file it came from', async () => {
  const opened = await openInitialModel('models/starter')
  const same = await run({ method: 'linear-probe', model: opened, out: join(folder, 'opened') })
  const classifier = (name: string) => readFile(join(folder, name, 'classifier.safetensors'))
  expect(await classifier('opened')).toEqual(await classifier('linear-probe'))
  // Parameters that the file does not have: the features are those of the given model.
  const read = async (name: string) =>
    name === 'visual.conv1.weight' ? (await opened.read(name))!.map((x) => -x) : opened.read(name)
  const out = join(folder, 'opened')
  const other = await run({ method: 'linear-probe', model: { ...opened, read }, out, resume: true })
  expect(other.result.model).not.toBe(same.result.model)
  expect(await classifier('opened')).not.toEqual(await classifier('linear-probe'))
  const empty = { ...opened, shapes: new Map() }
  await expect(run({ method: 'linear-probe', model: empty, out: join(folder, 'empty') })).rejects.toThrow(
    'is a config without parameters',
  )
}, 60_000)

it('refuses options of other methods, and says which have no effect', async () => {
  const wrong = { method: 'coop', rank: 4, out: join(folder, 'wrong') }
  await expect(run(wrong as never)).rejects.toThrow('`rank` is only for `method` lora; the method is coop')
  await expect(run({ ...wrong, rank: undefined, rnk: 4 } as never)).rejects.toThrow("finetune has no option 'rnk'")
  await expect(run({ method: 'wise-ft', alpha: 2, out: wrong.out })).rejects.toThrow('between 0 and 1; found 2')
  const notice = finetune({ method: 'tip-adapter', epochs: 3, data: folder, out: wrong.out } as never)
  expect((await notice.next()).value).toEqual({
    kind: 'notice',
    message: '`epochs` has no effect: tip-adapter has no training steps',
  })
})

it('trains the keys of tip-adapter-f away from those of tip-adapter', async () => {
  const [kept, trained] = await Promise.all(
    ['tip-adapter', 'tip-adapter-f'].map(async (name) => (await readClassifier(join(folder, name)))!.cache!.keys),
  )
  const apart = Math.max(...kept!.map((x, i) => Math.abs(x - trained![i]!)))
  expect(apart).toBeGreaterThan(1e-4)
  expect(apart).toBeLessThan(0.1)
})

it('leaves out a picture that cannot be read, and says so', async () => {
  const train = join(folder, 'with-broken')
  await cp(join(folder, 'train'), train, { recursive: true })
  await writeFile(join(train, 'green', '2b.png'), 'no picture')
  await mkdir(join(train, '.cache'))
  const { events, result } = await run({ method: 'tip-adapter', data: train, out: join(folder, 'without-broken') })
  expect(result).toMatchObject({ top1: 1, trained: 12, skipped: [{ key: expect.stringContaining('2b.png') }] })
  expect(events.filter(({ kind }) => kind === 'skipped' || kind === 'notice')).toEqual([
    { kind: 'notice', message: `${train}: 1 hidden or system folder skipped: .cache` },
    { kind: 'skipped', ...result.skipped[0] },
  ])
}, 60_000)

it('names rows of a table that cannot be used, and reads the labels of a table anew when they change', async () => {
  const rows = ['red', 'green', 'blue'].flatMap((label) => [0, 1, 2].map((i) => [`train/${label}/${i}.png`, label]))
  const table = (file: string, swap: Record<string, string> = {}) => {
    const lines = ['image,label', ...rows.map(([image, label]) => `${image},${swap[label!] ?? label}`), ',red', 'a,b,c']
    return writeFile(join(folder, file), lines.join('\n'))
  }
  const [out, method] = [join(folder, 'of-table'), 'linear-probe' as const]
  await table('t.csv')
  const { result } = await run({ method, data: join(folder, 't.csv'), out })
  expect(result).toMatchObject({ top1: 1, trained: 9 })
  expect(result.skipped.map(({ reason }) => reason)).toEqual([
    'its field "image" is empty',
    '3 fields, where the header has 2',
  ])
  await table('t.csv', { red: 'green', green: 'red' })
  const swapped = await run({ method, data: join(folder, 't.csv'), out, resume: true })
  expect(swapped.result.top1).toBeCloseTo(1 / 3, 6)
}, 60_000)

it('computes no features twice, and gives the same classifier again', async () => {
  const out = join(folder, 'tip-adapter')
  const file = join(out, 'features', 'view-3.safetensors')
  const before = { at: (await stat(file)).mtimeMs, classifier: await readFile(join(out, 'classifier.safetensors')) }
  await run({ method: 'tip-adapter', out, resume: true })
  expect((await stat(file)).mtimeMs).toBe(before.at)
  expect(await readFile(join(out, 'classifier.safetensors'))).toEqual(before.classifier)
}, 60_000)

describe('coop', () => {
  const settings = { method: 'coop', ...coopSettings } as const

  it('learns four words where the model has no room for sixteen, or as many as are asked for, and keeps them', async () => {
    const learnt = async (name: string) =>
      (await openCheckpoint(join(folder, name, 'context.safetensors'))).tensors.get('context')!.shape
    expect(await learnt('coop')).toEqual([4, 128])
    // Of 16 places, start, name, full stop and end take 4.
    await run({ method: 'coop', out: join(folder, 'twelve'), contextLength: 12, epochs: 1 })
    expect(await learnt('twelve')).toEqual([12, 128])
  })

  it('begins from words, where some are given: hardly trained, it answers as their prompt does', async () => {
    const out = join(folder, 'from-words')
    const start = { method: 'coop', contextWords: 'a photo of a', epochs: 1, out } as const
    const { result } = await run({ ...start, templates: ['a photo of a {}.'] })
    expect(result).toMatchObject({ contextLength: 4, top1: result.zeroShot.top1 })
    const clip = await load('models/starter', { threads: 1 })
    const { names, weights } = await zeroShotClassifier(clip, [...words.values()])
    const learnt = (await readClassifier(out))!
    const width = clip.config.embedDim
    const row = (of: Float32Array, i: number) => of.subarray(i * width, (i + 1) * width)
    for (const [i, name] of names.entries()) {
      expect(apart(row(learnt.weights, learnt.names.indexOf(name)), row(weights, i))).toBeLessThan(1e-3)
    }
    await clip.dispose()
    await expect(run({ ...start, contextLength: 5, out: join(folder, 'two') })).rejects.toThrow(
      'is 4 tokens, and `contextLength` is 5',
    )
  }, 60_000)

  it('goes on where it was ended, to the same words', async () => {
    const out = join(folder, 'ended')
    const ended = new AbortController()
    const options = {
      ...settings,
      data: join(folder, 'train'),
      validation: join(folder, 'val'),
      words,
      threads: 1,
      out,
    }
    const events = finetune({ ...options, signal: ended.signal })
    await expect(async () => {
      for await (const event of events) if (event.kind === 'progress' && event.done === 13) ended.abort()
    }).rejects.toThrow(/abort/i)
    const { events: after } = await run({ ...settings, out, resume: true })
    expect(after.find(({ kind }) => kind === 'progress')).toMatchObject({ what: 'epochs', done: 14 })
    const [whole, both] = await Promise.all(
      ['coop', 'ended'].map((name) => readFile(join(folder, name, 'classifier.safetensors'))),
    )
    expect(both).toEqual(whole)
  }, 60_000)

  it('does not go on with other settings', async () => {
    const out = join(folder, 'ended')
    await expect(run({ ...settings, epochs: 50, out, resume: true })).rejects.toThrow('a run with other settings')
  }, 60_000)
})
