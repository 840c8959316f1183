// Data as every command reads it: what is left out is named, what cannot be right is refused, and exit codes say so.

import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { captured, jsonLines } from '../../../test/cli/captured.ts'
import { randomModel } from '../../../test/random-model.ts'

const pictures = fileURLToPath(new URL('../../../examples/pictures', import.meta.url))
const classes = { fruit: ['apple', 'lemon', 'orange'], clothes: ['hat', 'shoes'] } as const
const tiny = {
  embed_dim: 16,
  vision_cfg: { image_size: 32, layers: 1, width: 64, patch_size: 16 },
  text_cfg: { context_length: 8, vocab_size: 49408, width: 16, heads: 1, layers: 1 },
}

let small: string
beforeAll(async () => {
  small = await randomModel({ ...tiny, text_cfg: { ...tiny.text_cfg, context_length: 16 } })
})

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'typeclip-'))
})

async function write(files: Record<string, string | Uint8Array>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), content)
  }
}

/** Class folders of real images, in `name`. */
async function writeClasses(name: string): Promise<void> {
  for (const [label, names] of Object.entries(classes)) {
    await mkdir(join(folder, name, label), { recursive: true })
    for (const image of names) await cp(join(pictures, `${image}.jpg`), join(folder, name, label, `${image}.jpg`))
  }
}

const latin1 = (text: string) => Buffer.from(text, 'latin1')
const here = (text: string) => text.replaceAll(folder, 'HERE')

/** That a command ended with exit code 2 and these words on standard error. */
async function refused(argv: string[], message: string | RegExp): Promise<void> {
  const { code, stdout, stderr } = await captured(argv)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(here(stderr)).toMatch(message)
  expect(stderr).not.toMatch(/ {4}at |fault of typeclip/)
}

describe('text that is not UTF-8 is refused', () => {
  it.each([
    ['train', '--data', 'T', '--model', 'tiny.json', '--out', 'run'],
    ['figure2', '--data', 'T', '--out', 'run'],
    ['evaluate', 'retrieval', '--data', 'T'],
    ['evaluate', 'zero-shot', '--data', 'T'],
    ['evaluate', 'linear-probe', '--train', 'T', '--test', 'T'],
    ['evaluate', 'calibrate', '--data', 'T', '--out', 'c.json'],
    ['finetune', '--method', 'linear-probe', '--train', 'T', '--out', 'run'],
  ])('in a table: %s %s', async (...argv) => {
    await write({ T: '', 'tiny.json': JSON.stringify(tiny) })
    const named = (table: string) =>
      argv.map((word) =>
        word === 'T' ? join(folder, table) : /^(run|c\.json|tiny\.json)$/.test(word) ? join(folder, word) : word,
      )
    await write({ 'latin.csv': latin1('image,caption,label\n0.png,a cat,x\n1.png,a café,y\n') })
    await refused(named('latin.csv'), 'HERE/latin.csv: line 3 is not UTF-8; save the file as UTF-8')
    await write({ 'wide.csv': Buffer.from('\ufeffimage,caption,label\n0.png,a cat,x\n', 'utf16le') })
    await refused(named('wide.csv'), 'HERE/wide.csv: this is UTF-16; save the file as UTF-8')
  })

  it('in --classnames and --labels-file', async () => {
    await writeClasses('data')
    await write({ 'words.json': latin1('{"fruit": "obst",\n "clothes": "kleidungsstück"}') })
    const words = join(folder, 'words.json')
    const message = `--classnames HERE/words.json: line 2 is not UTF-8; save the file as UTF-8`
    await refused(['evaluate', 'zero-shot', '--data', join(folder, 'data'), '--classnames', words], message)
    await write({ 'labels.txt': latin1('a cat\r\na café') })
    const labels = ['--labels-file', join(folder, 'labels.txt')]
    await refused(['classify', join(pictures, 'hat.jpg'), ...labels], 'HERE/labels.txt: line 2 is not UTF-8')
    await write({ 'labels.txt': Buffer.from('\ufeffa cat', 'utf16le') })
    await refused(['classify', join(pictures, 'hat.jpg'), ...labels], 'HERE/labels.txt: this is UTF-16')
  })
})

it('a quote inside a field is read by train and by evaluate retrieval', async () => {
  const rows = ['apple', 'hat'].map((name) => `${join(pictures, `${name}.jpg`)},a 5" "${name}"`)
  await write({ 't.csv': ['image,caption', ...rows].join('\n'), 'tiny.json': JSON.stringify(tiny) })
  const table = join(folder, 't.csv')
  const retrieval = await captured(['evaluate', 'retrieval', '--data', table, '--json'])
  expect({ code: retrieval.code, ...JSON.parse(retrieval.stdout) }).toMatchObject({ code: 0, images: 2, texts: 2 })
  const out = join(folder, 'run')
  const model = join(folder, 'tiny.json')
  const train = await captured([
    'train',
    '--data',
    table,
    '--model',
    model,
    '--out',
    out,
    '--batch',
    '2',
    '--steps',
    '1',
  ])
  expect(train.code).toBe(0)
})

describe('folders', () => {
  beforeEach(async () => {
    await writeClasses('data')
    for (const hidden of ['.ipynb_checkpoints', '@eaDir', '__MACOSX', 'fruit/@eaDir']) {
      await mkdir(join(folder, 'data', hidden), { recursive: true })
      await cp(join(pictures, 'hat.jpg'), join(folder, 'data', hidden, 'hat.jpg'))
    }
    await write({ 'data/fruit/IMG_1.HEIC': 'x', 'data/fruit/2': 'x', 'data/clothes/3.bmp': 'x' })
    await cp(join(pictures, 'tomato.jpg'), join(folder, 'data', 'fruit', 'tomato.jfif'))
  })
  const notices = [
    '3 files skipped: 1 .bmp, 1 .heic, 1 without extension; images are read by the end of their names: jpg, ',
    '4 hidden or system folders skipped: .ipynb_checkpoints, @eaDir, __MACOSX',
  ]

  it('are read alike by every command: hidden and system ones never, the same formats always', async () => {
    const data = join(folder, 'data')
    const zeroShot = await captured(['evaluate', 'zero-shot', '--data', data, '--json'])
    expect(zeroShot.code).toBe(0)
    const found = JSON.parse(zeroShot.stdout)
    expect(found.classes.map(({ name }: { name: string }) => name)).toEqual(['clothes', 'fruit'])
    expect(found.n).toBe(6)
    const embed = await captured(['embed', data, '--out', join(folder, 'x.jsonl')])
    expect(embed.code).toBe(0)
    const rows = jsonLines(await readFile(join(folder, 'x.jsonl'), 'utf8'))
    expect(rows.map(({ path }) => basename(path))).toEqual([
      ...['hat.jpg', 'shoes.jpg', 'apple.jpg', 'lemon.jpg', 'orange.jpg', 'tomato.jfif'],
    ])
    const classify = await captured(['classify', data, '--labels', 'a,b', '--json'])
    expect(jsonLines(classify.stdout)).toHaveLength(6)
    const probe = [
      '--model',
      small,
      '--method',
      'linear-probe',
      '--train',
      data,
      '--out',
      join(folder, 'run'),
      '--json',
    ]
    const finetune = await captured(['finetune', ...probe])
    expect(finetune.code).toBe(0)
    expect(JSON.parse(finetune.stdout).classes).toEqual(['clothes', 'fruit'])
    for (const { stderr } of [zeroShot, embed, classify, finetune]) {
      for (const notice of notices) expect(stderr).toContain(notice)
    }
  })

  it('of a glob: system folders are no inputs unless they are named', async () => {
    const glob = (pattern: string) => captured(['classify', join(folder, 'data', pattern), '--labels', 'a,b', '--json'])
    const all = await glob('**/hat.jpg')
    expect(jsonLines(all.stdout).map(({ path }) => here(path))).toEqual(['HERE/data/clothes/hat.jpg'])
    expect(all.stderr).toContain('skipped')
    expect(jsonLines((await glob('@eaDir/*.jpg')).stdout)).toHaveLength(1)
    expect(jsonLines((await glob('*/@eaDir/*.jpg')).stdout)).toHaveLength(1)
  })

  it('with loose images beside the classes: those are skipped, by name', async () => {
    await cp(join(pictures, 'hat.jpg'), join(folder, 'data', 'loose.jpg'))
    const { code, stdout, stderr } = await captured(['evaluate', 'zero-shot', '--data', join(folder, 'data'), '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout).classes).toHaveLength(2)
    expect(stderr).toContain('1 image beside the class folders has no class and is skipped: loose.jpg')
  })

  it('without images say what they hold', async () => {
    await write({ 'phone/1.HEIC': '', 'phone/2.heic': '' })
    const argv = ['embed', join(folder, 'phone'), '--out', join(folder, 'x.npy')]
    await refused(argv, /phone: no image in this folder \(jpg, .*\); 2 files skipped: 2 \.heic/)
  })
})

describe('classes', () => {
  it('one alone is refused, by every command that tells classes apart', async () => {
    await mkdir(join(folder, 'flat'))
    for (const name of ['apple', 'hat']) await cp(join(pictures, `${name}.jpg`), join(folder, 'flat', `${name}.jpg`))
    const flat = join(folder, 'flat')
    const alone = 'HERE/flat has one class alone, flat; a classifier needs two at least, each in a folder of its own'
    await refused(['evaluate', 'zero-shot', '--data', flat], alone)
    await refused(['evaluate', 'calibrate', '--data', flat, '--out', join(folder, 'c.json')], alone)
    await refused(['evaluate', 'linear-probe', '--train', flat, '--test', flat], alone)
    await refused(['finetune', '--method', 'linear-probe', '--train', flat, '--out', join(folder, 'run')], alone)
  })

  it('of a folder of train/ and val/ are refused, with the folder to name', async () => {
    await writeClasses('X/train')
    await writeClasses('X/val')
    const message = /HERE\/X holds train\/ and val\/, .*; name one of them: HERE\/X\/train or HERE\/X\/val/
    await refused(['evaluate', 'zero-shot', '--data', join(folder, 'X')], message)
    await refused(['finetune', '--method', 'full', '--train', join(folder, 'X'), '--out', join(folder, 'run')], message)
    await write({ 'tiny.json': JSON.stringify(tiny) })
    const flags = ['--model', join(folder, 'tiny.json'), '--out', join(folder, 'run')]
    await refused(['train', '--data', join(folder, 'X'), ...flags], message)
  })

  it('given twice count once, and say so', async () => {
    await write({ 'labels.txt': '\ufeffdog\r\ncat\r\n' })
    const image = join(pictures, 'hat.jpg')
    const answer = (stdout: string) => jsonLines(stdout)[0].labels
    const once = await captured(['classify', image, '--labels', 'cat,dog', '--json'])
    const twice = await captured([
      ...['classify', image, '--labels', 'cat, dog ,,cat', '--labels-file', join(folder, 'labels.txt'), '--json'],
    ])
    expect(answer(twice.stdout)).toEqual(answer(once.stdout))
    expect(twice.stderr).toContain('labels that are given twice, or have the same tokens, count once: cat, dog')
    expect(once.stderr).not.toContain('count once')
    const alike = await captured(['classify', image, '--labels', 'cat,Cat,dog', '--json'])
    expect(answer(alike.stdout)).toEqual(answer(once.stdout))
    expect(alike.stderr).toContain('count once: cat = Cat')
  })
})

describe('images that cannot be read', () => {
  beforeEach(async () => {
    await writeClasses('data')
    await writeClasses('val')
    const whole = await readFile(join(pictures, 'hat.jpg'))
    await write({ 'data/fruit/cut.jpg': whole.subarray(0, 3000), 'data/clothes/empty.png': '' })
    await write({
      'data/clothes/bmp.png': latin1('BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0'),
      'val/fruit/text.jpg': 'text',
    })
  })
  const broken = ['cut.jpg', 'empty.png', 'bmp.png', 'text.jpg']

  it.each([
    ['linear-probe'],
    ['tip-adapter'],
    ['tip-adapter-f', '--epochs', '1'],
    ['coop', '--epochs', '1'],
    ['full', '--steps', '1'],
    ['lora', '--steps', '1'],
    ['lora', '--towers', 'text', '--steps', '1'],
    ['lit', '--steps', '1'],
    ['flyp', '--steps', '1'],
    ['wise-ft', '--steps', '1'],
  ])(
    'are named by finetune --method %s %s, with exit code 1',
    async (...method) => {
      const data = ['--train', join(folder, 'data'), '--val', join(folder, 'val'), '--threads', '1', '--json']
      const argv = ['finetune', '--model', small, '--method', ...method, ...data, '--out', join(folder, 'run')]
      const { code, stdout, stderr } = await captured(argv)
      expect(stderr).not.toContain('    at ')
      for (const name of broken)
        expect(stderr.split('\n').filter((line) => line.includes(`${name} is skipped`))).toHaveLength(1)
      expect(code).toBe(1)
      const result = JSON.parse(stdout)
      expect(result.skipped.map(({ key }: { key: string }) => basename(key)).sort()).toEqual([...broken].sort())
      expect(result).toMatchObject({ trained: 5, n: 5 })
      expect(JSON.parse(await readFile(join(folder, 'run', 'result.json'), 'utf8')).skipped).toEqual(result.skipped)
    },
    60_000,
  )

  it('a class of nothing else is refused by name', async () => {
    for (const name of classes.clothes) await rm(join(folder, 'data', 'clothes', `${name}.jpg`))
    const message =
      /HERE\/data: no image can be read of the class clothes; of 2 skipped images the first: HERE.*clothes.*bmp\.png: /
    const [data, val, out] = [join(folder, 'data'), join(folder, 'val'), join(folder, 'run')]
    for (const method of ['linear-probe', 'tip-adapter', 'full']) {
      const argv = [
        'finetune',
        '--model',
        small,
        '--method',
        method,
        '--train',
        data,
        '--val',
        val,
        '--out',
        `${out}-${method}`,
      ]
      const { code, stderr } = await captured(argv)
      expect(here(stderr)).toMatch(message)
      expect(code).toBe(2)
    }
    const probe = await captured(['evaluate', 'linear-probe', '--train', data, '--test', val])
    expect(here(probe.stderr)).toMatch(/no image can be read of the class clothes/)
    expect(probe.code).toBe(2)
  })

  it('are named by every evaluation and by train, with exit code 1', async () => {
    const [data, val] = [join(folder, 'data'), join(folder, 'val')]
    await write({
      'tiny.json': JSON.stringify(tiny),
      't.csv': 'image,caption\ndata/fruit/apple.jpg,an apple\nval/fruit/text.jpg,x\ngone.jpg,y\n',
    })
    const [out, table, model] = [join(folder, 'run'), join(folder, 't.csv'), join(folder, 'tiny.json')]
    const training = ['--model', model, '--out', out, '--batch', '4', '--epochs', '2', '--threads', '1']
    const runs: [string[], string[]][] = [
      [['evaluate', 'zero-shot', '--data', data], broken.slice(0, 3)],
      [['evaluate', 'linear-probe', '--train', data, '--test', val], broken],
      [['evaluate', 'calibrate', '--data', data, '--out', join(folder, 'c.json')], broken.slice(0, 3)],
      [
        ['evaluate', 'retrieval', '--data', table],
        ['text.jpg', 'gone.jpg'],
      ],
      [['train', '--data', data, '--val', val, ...training], broken],
    ]
    for (const [argv, names] of runs) {
      const { code, stderr } = await captured(argv)
      for (const name of names) {
        expect(
          stderr.split('\n').filter((line) => line.includes(name)),
          `${argv} ${name}`,
        ).toHaveLength(1)
      }
      expect({ argv, code }).toEqual({ argv, code: 1 })
    }
  }, 60_000)
})

describe('--resume', () => {
  beforeEach(async () => {
    const rows = ['apple', 'hat', 'lemon', 'shoes'].map((name) => `${join(pictures, `${name}.jpg`)},some ${name}`)
    await write({ 't.csv': ['image,caption', ...rows].join('\n'), 'tiny.json': JSON.stringify(tiny) })
    await write({ 'more.csv': ['image,caption', ...rows, `${join(pictures, 'tomato.jpg')},a tomato`].join('\n') })
    await write({ 'other.csv': ['image,caption', ...rows].join('\n').replace('some hat', 'a hat') })
  })

  it('of train refuses other data, and takes the same from elsewhere', async () => {
    const train = (table: string, ...more: string[]) => {
      const data = ['--data', join(folder, table), '--model', join(folder, 'tiny.json'), '--out', join(folder, 'run')]
      return captured(['train', ...data, '--batch', '2', '--threads', '1', ...more])
    }
    expect((await train('t.csv', '--steps', '2')).code).toBe(0)
    const other = await train('other.csv', '--steps', '4', '--resume')
    expect({ code: other.code, stderr: here(other.stderr) }).toEqual({
      code: 2,
      stderr: expect.stringContaining('the data changed (4 samples, but other names, captions or classes)'),
    })
    const more = await train('more.csv', '--steps', '4', '--resume')
    expect({ code: more.code, stderr: more.stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining('the data changed (it had 4 samples and has 5)'),
    })
    await write({ 'same.csv': await readFile(join(folder, 't.csv')) })
    expect((await train('same.csv', '--steps', '4', '--resume')).code).toBe(0)
    // Validation data may be added later, and must then stay the same.
    await writeClasses('val')
    const val = ['--val', join(folder, 'val'), '--resume']
    expect((await train('t.csv', '--steps', '6', ...val)).code).toBe(0)
    await cp(join(pictures, 'tomato.jpg'), join(folder, 'val', 'fruit', 'tomato.jpg'))
    const judged = await train('t.csv', '--steps', '8', ...val)
    expect(judged.stderr).toContain('the validation data changed')
    expect(judged.code).toBe(2)
    expect((await train('t.csv', '--steps', '8', '--resume')).code).toBe(0)
  })

  it.each([
    ['full', '--steps'],
    ['coop', '--epochs'],
  ])(
    'of finetune %s refuses other data',
    async (method, length) => {
      await writeClasses('data')
      await writeClasses('val')
      const finetune = (steps: string, ...more: string[]) => {
        const data = ['--train', join(folder, 'data'), '--val', join(folder, 'val'), '--out', join(folder, 'run')]
        return captured([
          'finetune',
          '--model',
          small,
          '--method',
          method,
          ...data,
          length,
          steps,
          '--threads',
          '1',
          ...more,
        ])
      }
      expect((await finetune('1')).code).toBe(0)
      await cp(join(pictures, 'tomato.jpg'), join(folder, 'data', 'fruit', 'tomato.jpg'))
      const { code, stderr } = await finetune('1', '--resume')
      expect(stderr).toContain('the data changed (it had 5 samples and has 6)')
      expect(code).toBe(2)
    },
    60_000,
  )

  it('of figure2, which needs no flag for it, too; what cannot be read is named once', async () => {
    const [val, out] = [join(folder, 'val'), join(folder, 'run')]
    await writeClasses('val')
    await write({ 'val/fruit/text.jpg': 'text' })
    const figure2 = (table: string, ...more: string[]) => {
      const sizes = ['--images', '8', '--batch', '2', '--seeds', '1', '--lrs', '1e-3', '--points', '1']
      const data = ['--data', join(folder, table), '--val', val, '--out', out, '--model', join(folder, 'tiny.json')]
      return captured(['figure2', ...data, ...sizes, '--threads', '1', ...more])
    }
    const first = await figure2('t.csv')
    expect(first.stderr.split('\n').filter((line) => line.includes('text.jpg'))).toHaveLength(1)
    expect(first.code).toBe(1)
    const other = await figure2('other.csv')
    expect(other.stderr).toContain('the data changed (4 samples, but other names, captions or classes)')
    expect(other.code).toBe(2)
  }, 60_000)
})
