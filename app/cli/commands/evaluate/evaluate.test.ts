import { mkdir, mkdtemp, readFile, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { writeClassifier } from 'typeclip'
import { beforeAll, describe, expect, it } from 'vitest'
import { captured } from '../../../../test/cli/captured.ts'
import { randomModel, smallVit } from '../../../../test/random-model.ts'

const pictures = fileURLToPath(new URL('../../../../examples/pictures/', import.meta.url))
const starter = fileURLToPath(new URL('../../../../models/starter/', import.meta.url))
let folder: string
let data: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'typeclip-'))
  data = join(folder, 'data')
  for (const [name, place] of Object.entries({
    apple: 'fruit/apple',
    lemon: 'fruit/lemon',
    hat: 'hat',
    shoes: 'shoes',
  })) {
    await mkdir(join(data, place), { recursive: true })
    await writeFile(join(data, place, `${name}.jpg`), await readFile(join(pictures, `${name}.jpg`)))
  }
})

const json = ({ stdout }: { stdout: string }) => JSON.parse(stdout)

it('lists its commands, and refuses others', async () => {
  const help = await captured(['evaluate', '--help'])
  expect(help.code).toBe(0)
  for (const name of ['zero-shot', 'retrieval', 'linear-probe', 'calibrate']) {
    expect(help.stdout).toContain(`evaluate ${name} `)
  }
  expect(await captured(['evaluate'])).toMatchObject({ code: 2, stderr: expect.stringContaining('one of zero-shot') })
  expect(await captured(['evaluate', 'x'])).toMatchObject({ code: 2, stderr: expect.stringContaining("found 'x'") })
})

it('prints help of each', async () => {
  const usage = async (name: string) => (await captured(['evaluate', name, '--help'])).stdout.split('\n')[2]
  expect(await Promise.all(['zero-shot', 'retrieval', 'linear-probe', 'calibrate'].map(usage))).toMatchInlineSnapshot(`
    [
      "Usage: typeclip evaluate zero-shot --data FOLDER|CSV|SHARDS [--template T]… [--json] [--html FILE] [flags]",
      "Usage: typeclip evaluate retrieval --data CSV|SHARDS [--json] [--html FILE] [flags]",
      "Usage: typeclip evaluate linear-probe --train FOLDER --test FOLDER [--json] [--html FILE] [flags]",
      "Usage: typeclip evaluate calibrate --data FOLDER --out FILE [flags]",
    ]
  `)
})

describe('zero-shot', () => {
  it('has the numbers as one object, a class being the innermost folder', async () => {
    const run = await captured(['evaluate', 'zero-shot', '--data', data, '--json'])
    expect(run.code).toBe(0)
    expect(json(run)).toMatchObject({ top1: 1, top5: 1, meanPerClass: 1, n: 4, model: 'starter', mistakes: [] })
    expect(json(run).classes.map(({ name }: { name: string }) => name)).toEqual(['apple', 'hat', 'lemon', 'shoes'])
  })

  it('names broken pictures and counts the rest: exit code 1', async () => {
    const other = join(folder, 'broken')
    await mkdir(join(other, 'hat'), { recursive: true })
    await mkdir(join(other, 'lemon'), { recursive: true })
    await writeFile(join(other, 'hat', 'good.jpg'), await readFile(join(pictures, 'hat.jpg')))
    await writeFile(join(other, 'lemon', 'bad.jpg'), 'no picture')
    const run = await captured(['evaluate', 'zero-shot', '--data', other, '--json'])
    expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining('bad.jpg') })
    expect(json(run)).toMatchObject({ n: 1, top1: 1, skipped: [{ key: join(other, 'lemon', 'bad.jpg') }] })
  })

  it('calls classes what --classnames says, and writes a page that shows the mistakes', async () => {
    const names = join(folder, 'names.json')
    await writeFile(names, JSON.stringify({ hat: 'shoes', shoes: 'hat', tomato: 'tomato' }))
    const html = join(folder, 'page.html')
    const run = await captured([
      'evaluate',
      'zero-shot',
      '--data',
      data,
      '--classnames',
      names,
      '--json',
      '--html',
      html,
    ])
    expect(json(run)).toMatchObject({ top1: 0.5, n: 4 })
    expect(json(run).classes).toHaveLength(5)
    expect(run.stderr).toContain('1 class without images in the data (tomato)')
    const page = await readFile(html, 'utf8')
    expect(page.match(/src="data:image\/jpeg/g)).toHaveLength(2)
    expect(page).not.toMatch(/(src|href)="(?!data:|#)/)
    const words = ['--data', data, '--classnames', names]
    await captured(['evaluate', 'zero-shot', ...words, '--html', html, '--explain'])
    const explained = await readFile(html, 'utf8')
    const drawn = explained.match(/src="data:image\/png[^"]+/g)!
    expect(new Set(drawn).size).toBeGreaterThanOrEqual(2)
    expect(explained.match(/src="data:image\/jpeg/g)).toHaveLength(2)
    expect(explained).toContain('led to the wrong prediction')
    const nowhere = await captured(['evaluate', 'zero-shot', ...words, '--explain'])
    expect(nowhere).toMatchObject({ code: 2, stderr: expect.stringContaining('give --html FILE too') })
    await writeFile(names, '{"hat": 3}')
    const wrong = await captured(['evaluate', 'zero-shot', '--data', data, '--classnames', names])
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('"hat" is 3') })
  })

  it('answers with the classifier of a model folder, without templates; classify does too, without labels', async () => {
    const model = join(folder, 'model')
    await mkdir(model)
    for (const file of ['open_clip_config.json', 'open_clip_model.safetensors']) {
      await symlink(join(starter, file), join(model, file))
    }
    const names = ['apple', 'hat', 'lemon', 'shoes']
    const { model_cfg } = JSON.parse(await readFile(join(starter, 'open_clip_config.json'), 'utf8'))
    const weights = new Float32Array(4 * model_cfg.embed_dim)
    await writeClassifier(model, { names, weights, bias: Float32Array.of(0, 1, 0, 0) })
    const run = await captured(['evaluate', 'zero-shot', '--data', data, '--model', model, '--json'])
    expect(json(run)).toMatchObject({ top1: 0.25, meanPerClass: 0.25 })
    const classified = await captured(['classify', join(data, 'shoes'), '--model', model, '--json'])
    expect(json(classified).labels[0].label).toBe('hat')
    const narrowed = await captured([
      'classify',
      join(data, 'shoes'),
      '--model',
      model,
      '--labels',
      'lemon,shoes',
      '--json',
    ])
    expect(json(narrowed).labels).toEqual([
      { label: 'lemon', score: 0.5 },
      { label: 'shoes', score: 0.5 },
    ])
    for (const command of [
      ['classify', data],
      ['evaluate', 'zero-shot', '--data', data],
    ]) {
      const refused = await captured([...command, '--model', model, '--template', 'a {}'])
      expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('has no prompts') })
    }
  })
})

it('retrieval finds each picture by its captions', async () => {
  const csv = join(folder, 'captions.csv')
  const rows = ['apple', 'hat', 'lemon'].map((name) => `${join(pictures, `${name}.jpg`)},a photo of a ${name}`)
  await writeFile(csv, ['image,caption', ...rows, ''].join('\n'))
  const html = join(folder, 'retrieval.html')
  const run = await captured(['evaluate', 'retrieval', '--data', csv, '--json', '--html', html])
  expect(run.code).toBe(0)
  expect(json(run)).toMatchObject({
    images: 3,
    texts: 3,
    textToImage: { r1: 1, medianRank: 1 },
    imageToText: { r1: 1 },
  })
  expect(await readFile(html, 'utf8')).toContain('R@1')
})

it('linear-probe learns what it was shown', async () => {
  const run = await captured(['evaluate', 'linear-probe', '--train', data, '--test', data, '--c', '100', '--json'])
  expect(run.code).toBe(0)
  expect(json(run)).toMatchObject({ top1: 1, n: 4, nTrain: 4, C: 100 })
})

it('linear-probe learns from what comes before the projection, too', async () => {
  const model = await randomModel({ ...smallVit, embed_dim: 24, vision_cfg: { ...smallVit.vision_cfg, layers: 1 } })
  const run = ['evaluate', 'linear-probe', '--train', data, '--test', data, '--model', model, '--json']
  const [plain, before] = [json(await captured(run)), json(await captured([...run, '--before-projection']))]
  expect([plain.width, before.width]).toEqual([24, 128])
  expect(before.loss).not.toBe(plain.loss)
})

it('calibrate writes a file with which classify may answer none of these', async () => {
  const out = join(folder, 'calibration.json')
  const run = await captured(['evaluate', 'calibrate', '--data', data, '--out', out, '--json'])
  expect(run.code).toBe(0)
  const calibration = JSON.parse(await readFile(out, 'utf8'))
  expect(calibration).toMatchObject({ version: 1, model: 'starter', n: 4, none: 'left out' })
  expect(calibration.names).toEqual(['apple', 'hat', 'lemon', 'shoes'])
  const known = await captured(['classify', join(data, 'hat'), '--calibration', out, '--json'])
  expect(json(known).answer).toBe('hat')
  await writeFile(out, JSON.stringify({ ...calibration, threshold: 1e6 }))
  const none = await captured(['classify', join(data, 'hat'), '--calibration', out])
  expect(none.stdout).toContain('none of these')
  const judged = await captured(['evaluate', 'zero-shot', '--data', data, '--calibration', out, '--json'])
  expect(json(judged).rejection).toMatchObject({ answered: 0, precision: null, recall: 0 })
  await writeFile(out, '{"version": 2}')
  const wrong = await captured(['classify', join(data, 'hat'), '--calibration', out])
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('"version" is 2') })
})
