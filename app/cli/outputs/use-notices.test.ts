import { copyFile, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { captured } from '../../../test/cli/captured.ts'
import { randomModel } from '../../../test/random-model.ts'
import { spoil } from '../../../test/spoil.ts'

const fixture = (name: string) => fileURLToPath(new URL(`../../../fixtures/${name}`, import.meta.url))
const upright = fixture('images/444.jpg')

let folder: string
let photos: string
let classes: string
let model: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'typeclip-'))
  photos = join(folder, 'photos')
  await mkdir(photos)
  for (const name of ['images/rotated.jpg', 'orientation/turned-8.jpg', 'orientation/turned.webp', 'images/444.jpg']) {
    await copyFile(fixture(name), join(photos, name.split('/')[1]!))
  }
  classes = join(folder, 'classes')
  for (const name of ['cat', 'dog', '狗']) {
    await mkdir(join(classes, name), { recursive: true })
    for (let i = 0; i < 4; i++) await copyFile(upright, join(classes, name, `${i}.jpg`))
    await copyFile(fixture('images/rotated.jpg'), join(classes, name, 'sideways.jpg'))
  }
  model = await randomModel({
    embed_dim: 16,
    vision_cfg: { image_size: 32, layers: 1, width: 64, patch_size: 16 },
    text_cfg: { context_length: 16, vocab_size: 49408, width: 64, heads: 1, layers: 1 },
  })
})

const out = (name: string) => join(folder, name)
const sideways = (count: number) =>
  count === 1
    ? 'typeclip: 1 image has an EXIF orientation that was not applied; --exif-rotate turns it upright\n'
    : `typeclip: ${count} images have an EXIF orientation that was not applied; --exif-rotate turns them upright\n`
const times = (text: string, part: string): number => text.split(part).length - 1

describe('images that were not turned upright', () => {
  const csv = () => out('pairs.csv')
  beforeAll(async () => {
    const rows = ['rotated.jpg', '444.jpg', 'turned.webp', 'turned-8.jpg'].map((name) => `${join(photos, name)},a cat`)
    await writeFile(csv(), `image,caption\n${rows.join('\n')}\n`)
  })

  it.each<[string, () => string[], number]>([
    ['classify', () => [photos, '--labels', 'cat,dog', '--model', model], 3],
    ['embed', () => [photos, '--out', out('x.npy'), '--model', model], 3],
    ['similarity', () => [photos, '--text', 'a cat', '--model', model], 3],
    ['preprocess', () => [photos, '--out', out('p.npy'), '--size', '32'], 3],
    ['inspect', () => [join(photos, 'rotated.jpg'), '--model', model], 1],
    ['evaluate', () => ['zero-shot', '--data', classes, '--model', model], 3],
    ['evaluate', () => ['retrieval', '--data', csv(), '--model', model], 3],
    [
      'finetune',
      () => ['--method', 'linear-probe', '--train', classes, '--val', classes, '--out', out('probe'), '--model', model],
      3,
    ],
    [
      'finetune',
      () => [
        '--method',
        'lit',
        '--train',
        classes,
        '--val',
        classes,
        '--steps',
        '2',
        '--batch',
        '4',
        '--out',
        out('lit'),
        '--model',
        model,
      ],
      3,
    ],
    [
      'train',
      () => ['--data', csv(), '--val', csv(), '--steps', '3', '--batch', '4', '--model', model, '--out', out('run')],
      3,
    ],
  ])('are counted once by %s', async (command, words, count) => {
    const { stderr, code } = await captured([command, ...words()])
    expect({ code, stderr }).toMatchObject({ code: 0 })
    expect(times(stderr, sideways(count)), stderr).toBe(1)
    expect(times(stderr, 'EXIF')).toBe(1)
  })

  it('are none with --exif-rotate, and where no file says so', async () => {
    const turned = await captured(['classify', photos, '--labels', 'cat,dog', '--model', model, '--exif-rotate'])
    const plain = await captured(['classify', upright, '--labels', 'cat,dog', '--model', model])
    expect([turned.code, turned.stderr, plain.code, plain.stderr]).toEqual([0, '', 0, ''])
    const words = ['--data', csv(), '--steps', '1', '--batch', '4', '--model', model, '--out', out('turned')]
    expect((await captured(['train', ...words, '--exif-rotate'])).stderr).not.toContain('EXIF')
  })

  it('may come from standard input', async () => {
    const bytes = await readFile(fixture('images/rotated.jpg'))
    const { stderr } = await captured(['inspect', '-', '--model', model], bytes)
    expect(times(stderr, sideways(1)), stderr).toBe(1)
  })
})

describe("texts that the model's tokenizer spells", () => {
  const notice = (text: string) =>
    `typeclip: the tokenizer of this model knows English words and spells texts such as "${text}" in bytes or single letters; expect poor results, unless the model was trained on such texts\n`

  it.each<[string, () => string[], string]>([
    ['classify', () => [upright, '--labels', 'cat,狗,猫', '--model', model], 'a photo of a 狗.'],
    ['similarity', () => [upright, '--text', 'a cat', 'кошка', '--model', model], 'кошка'],
    ['embed', () => ['--text', 'قطة', '--out', out('t.npy'), '--model', model], 'قطة'],
    ['evaluate', () => ['zero-shot', '--data', classes, '--exif-rotate', '--model', model], 'a photo of a 狗.'],
  ])('are noticed once by %s', async (command, words, text) => {
    const { stderr, code } = await captured([command, ...words()])
    const notices = stderr.replace(/^typeclip: wrote .*\n/m, '')
    expect({ code, notices }).toEqual({ code: 0, notices: notice(text) })
  })

  it('are no accents, emoji or symbols', async () => {
    const labels = 'café,naïve,🐱,π,5 µm'
    const { stderr, code } = await captured(['classify', upright, '--labels', labels, '--model', model])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })
})

it('a model that gives no numbers ends every command with the parameter', async () => {
  const broken = await randomModel({
    embed_dim: 16,
    vision_cfg: { image_size: 32, layers: 1, width: 64, patch_size: 16 },
    text_cfg: { context_length: 16, vocab_size: 49408, width: 64, heads: 1, layers: 1 },
  })
  spoil(broken, 'visual.proj', Number.NaN)
  const calls = [
    ['embed', upright, '--out', out('broken.jsonl')],
    ['embed', upright, '--out', out('broken.npy'), '--normalize'],
    ['classify', upright, '--labels', 'cat,dog', '--json'],
    ['similarity', upright, '--text', 'a cat'],
    ['evaluate', 'zero-shot', '--data', classes, '--exif-rotate'],
    ['evaluate', 'calibrate', '--data', classes, '--exif-rotate', '--out', out('calibration.json')],
    ['evaluate', 'retrieval', '--data', out('pairs.csv'), '--exif-rotate'],
    ['finetune', '--method', 'tip-adapter', '--train', classes, '--val', classes, '--out', out('tip'), '--exif-rotate'],
  ]
  for (const call of calls) {
    const { code, stdout, stderr } = await captured([...call, '--model', broken])
    expect({ call, code, stdout }).toEqual({ call, code: 2, stdout: '' })
    expect(stderr).toContain('the model gives no numbers for')
    expect(stderr).toMatch(/parameter visual\.proj \[64, 16\] holds NaN/)
  }
})
