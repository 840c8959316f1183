import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { captured, jsonLines } from '../captured.ts'
import { run } from '../run.ts'

const pictures = fileURLToPath(new URL('../../../examples/pictures', import.meta.url))
let given: string
let folder: string

const tiny = {
  embed_dim: 16,
  vision_cfg: { image_size: 32, layers: 1, width: 64, patch_size: 16 },
  text_cfg: { context_length: 8, vocab_size: 49408, width: 16, heads: 1, layers: 1 },
}

beforeAll(async () => {
  given = await mkdtemp(join(tmpdir(), 'typeclip-'))
  const names = (await readdir(pictures)).filter((name) => name.endsWith('.jpg'))
  for (const name of names) {
    const word = basename(name, '.jpg')
    await mkdir(join(given, 'classes', word), { recursive: true })
    await cp(join(pictures, name), join(given, 'classes', word, name))
  }
  await writeFile(
    join(given, 'pairs.csv'),
    ['filepath,title', ...names.map((name) => `${join(pictures, name)},some ${basename(name, '.jpg')}`)].join('\n'),
  )
  await writeFile(join(given, 'tiny.json'), JSON.stringify(tiny))
})

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'typeclip-'))
})

const train = (...more: string[]) =>
  captured(['train', '--data', join(given, 'pairs.csv'), '--model', join(given, 'tiny.json'), '--batch', '4', ...more])
const lines = async (path: string) => jsonLines(await readFile(join(folder, path), 'utf8'))

it('prints help', async () => {
  expect((await captured(['train', '--help'])).stdout).toMatchInlineSnapshot(`
    "typeclip train: a CLIP of your own, from images and captions

    Usage: typeclip train --data SOURCE… --model CONFIG.json|CHECKPOINT --out DIR [flags]

    SOURCE is a folder of pictures with captions beside them (x.jpg, x.txt), a folder of class folders, a table
    (.csv, .tsv, .jsonl; columns image and caption), or WebDataset shards ("shards/{000..099}.tar", also http).
    DIR works as --model DIR as soon as the first checkpoint is there. Beside the model it holds results.jsonl,
    validation.jsonl, tensorboard/, checkpoints/, best/, and at the end curves.svg and curves.png.
    Ctrl-C saves and ends. The same flags with --resume go on, to the same numbers as if nothing had happened.

    Flags:
      --data SOURCE…                                         what to learn from; give the flag again for more, which are mixed
      --template T…                                          of class folders: a caption with {} for the class; one of several by lot
      --val SOURCE                                           judge every checkpoint by this, and keep the best as OUT/best
      --model CONFIG.json|M                                  open_clip's model configuration, begun anew; or a checkpoint, gone on from
      --out DIR                                              everything goes into this folder: new or empty, unless --resume
      --objective contrastive|siglip|bow|lm|bow-contrastive  what is minimised; else contrastive, CLIP's own
      --batch N                                              examples in a step; else 128
      --chunk N                                              examples in memory at a time; the numbers stay those of --batch
      --recompute                                            compute transformer blocks' insides twice: slower, in far less memory
      --epochs N                                             times through the data; else 1
      --steps N                                              steps, in place of --epochs
      --lr X                                                 the learning rate at its highest; else 5e-4
      --schedule cosine|constant                             of the learning rate; else cosine
      --warmup N                                             steps of warm-up; else 2000, but at most a tenth of all
      --weight-decay X                                       of all that has two dimensions or more; else 0.2
      --beta1 X                                              of AdamW; else 0.9
      --beta2 X                                              of AdamW; else 0.98
      --eps X                                                of AdamW; else 1e-6
      --clip-grad X                                          the longest gradient, by its norm; else any
      --freeze image|text                                    a tower that is left as it is
      --no-shuffle                                           take the data in its own order
      --no-augment                                           prepare the pictures as for evaluation
      --crop-scale MIN,MAX                                   share of each picture that a random crop keeps; else 0.9,1
      --flip                                                 mirror half of the pictures
      --save-every N                                         steps between checkpoints; else 200
      --keep N                                               checkpoints to keep; else 2
      --patience N                                           end after so many validations without a better one
      --log-every N                                          steps between lines of results.jsonl; else 1
      --seed N                                               decides everything that is drawn by lot; else 0
      --resume                                               go on from the last checkpoint in DIR; begin anew where there is none
      --json                                                 everything that happens, each as one line: {"kind": "step", "loss", …}
      --activation quickgelu|gelu                            where the checkpoint does not say
      --threads N                                            threads to compute with; else one for each core
      --image-column C                                       of a table: the column of image paths; else image or filepath
      --caption-column C                                     of a table: the column of captions; else caption, captions, title, text
      --separator S                                          of a table: what stands between columns; else as its header shows
      --help                                                 this text

    Examples:
      typeclip train --data photos --model tiny.json --out run --epochs 30 --val more-photos
      typeclip train --data pairs.csv --model openai/clip-vit-base-patch32 --out run --lr 1e-5 --freeze image
      typeclip train --data classes --template "a photo of a {}." --model tiny.json --out run --resume
    "
  `)
})

it.each([
  [['train', 'photos'], "train takes flags only; found 'photos'"],
  [['train', '--data', 'x', '--out', 'y'], '--model is missing'],
  [['train', '--data', 'x', '--model', 'y'], '--out is missing'],
  [['train', '--model', 'x', '--out', 'y'], '--data is missing'],
  [['train', '--steps', '1', '--epochs', '1', '--model', 'x', '--out', 'y'], 'two answers to the same question'],
  [['train', '--patience', '3', '--model', 'x', '--out', 'y'], 'give --val SOURCE too'],
  [['train', '--lr', 'fast'], "--lr takes a number from 0 on; found 'fast'"],
  [['train', '--beta1', '1'], "--beta1 takes a number from 0 on and below 1; found '1'"],
  [['train', '--eps', '0'], "--eps takes a number above 0; found '0'"],
  [['train', '--seed', '-1'], "--seed takes a whole number from 0 on; found '-1'"],
  [['train', '--crop-scale', '1,0.5', '--model', 'x', '--out', 'y'], 'the smaller first'],
  [['train', '--no-augment', '--flip', '--model', 'x', '--out', 'y'], '--no-augment is the transform of evaluation'],
  [['train', '--data', 'nowhere', '--model', 'x', '--out', 'y'], 'nowhere: there is no such file or folder'],
])('%j is wrong use: exit code 2 and one sentence', async (argv, message) => {
  const { code, stdout, stderr } = await captured(argv)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toContain(message)
  expect(stderr).not.toContain('    at ')
})

describe('a run', () => {
  it('leaves a model that loads, its logs and its curves', async () => {
    const { code, stdout } = await train('--out', folder, '--steps', '4', '--warmup', '0', '--save-every', '2')
    expect(code).toBe(0)
    expect(stdout).toContain('9 samples; 4 steps of 4, 2 an epoch; 895 k parameters to train')
    expect(stdout).toMatch(
      /step 4 of 4 · loss \d\.\d+ · accuracy [\d.]+ % · rate [\de.-]+ · temperature 0\.0\d+ · [\d.]+ images\/s/,
    )
    expect((await readdir(folder)).sort()).toEqual([
      'checkpoints',
      'curves.png',
      'curves.svg',
      'open_clip_config.json',
      'open_clip_model.safetensors',
      'results.jsonl',
      'tensorboard',
      'validation.jsonl',
    ])
    const log = await lines('results.jsonl')
    expect(log.map(({ step }) => step)).toEqual([1, 2, 3, 4])
    expect(log[0].lr).toBe(5e-4)
    for (const { loss, imagesPerSecond } of log) {
      expect(loss).toBeGreaterThan(0)
      expect(imagesPerSecond).toBeGreaterThan(0)
    }
    const embedded = await captured([
      'similarity',
      join(pictures, 'hat.jpg'),
      '--text',
      'a hat',
      '--model',
      folder,
      '--json',
    ])
    expect(embedded.code).toBe(0)
  })

  it('is told in lines of JSON, and goes on with --resume to the numbers of an unbroken one', async () => {
    const flags = ['--val', join(given, 'classes'), '--save-every', '2', '--json', '--seed', '0']
    const whole = await train('--out', join(folder, 'whole'), '--steps', '4', ...flags)
    const events = jsonLines(whole.stdout)
    expect(events.map(({ kind }) => kind)).toEqual([
      'start',
      'step',
      'step',
      'validation',
      'saved',
      'step',
      'step',
      'validation',
      'saved',
      'end',
    ])
    expect(Object.keys(events[3].numbers)).toEqual(['loss', 'top-1', 'top-5'])
    expect(events[3].score).toBe(events[3].numbers['top-1'])

    // As if killed after the third step, with a torn line.
    const cut = join(folder, 'cut')
    await cp(join(folder, 'whole'), cut, { recursive: true })
    await rm(join(cut, 'checkpoints', 'step-00000004.safetensors'))
    const kept = (await readFile(join(cut, 'results.jsonl'), 'utf8')).split('\n').slice(0, 3)
    await writeFile(join(cut, 'results.jsonl'), `${kept.join('\n')}\n{"step":4,"lo`)
    const resumed = await train('--out', cut, '--steps', '4', ...flags, '--resume')
    expect(jsonLines(resumed.stdout).map(({ kind }) => kind)).toEqual([
      'start',
      'step',
      'step',
      'validation',
      'saved',
      'end',
    ])
    const numbers = async (run: string, log: string) =>
      (await lines(join(run, log))).map(({ imagesPerSecond, seconds, ...rest }) => rest)
    for (const log of ['results.jsonl', 'validation.jsonl']) {
      expect(await numbers('cut', log)).toEqual(await numbers('whole', log))
    }
    const finished = await train('--out', cut, '--steps', '4', ...flags, '--resume')
    expect(finished.code).toBe(0)
    expect(jsonLines(finished.stdout).map(({ kind }) => kind)).toEqual(['start', 'end'])

    const other = await train('--out', cut, '--steps', '4', ...flags, '--resume', '--lr', '1')
    expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining('lr was 0.0005 and is 1') })
    const locked = await train('--out', cut, '--steps', '4', ...flags, '--resume', '--freeze', 'image')
    expect(locked).toMatchObject({ code: 2, stderr: expect.stringContaining('frozen was [] and is ["visual"]') })
    const again = await train('--out', cut, '--steps', '4', ...flags)
    expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('is not empty') })
  })

  it('is judged by retrieval where the data has captions and no classes', async () => {
    const { stdout } = await train('--out', folder, '--steps', '1', '--val', join(given, 'pairs.csv'), '--json')
    const { numbers, score } = jsonLines(stdout).find(({ kind }) => kind === 'validation')
    expect(Object.keys(numbers)).toEqual(['loss', 'image to text R@1', 'text to image R@1'])
    expect(score).toBeCloseTo((numbers['image to text R@1'] + numbers['text to image R@1']) / 2)
  })

  it('leaves a frozen tower as it is', async () => {
    const frozen = async (...more: string[]) => {
      const out = join(folder, more.join(''))
      await train('--out', out, '--steps', '2', '--warmup', '0', ...more)
      const { stdout } = await captured([
        'similarity',
        join(pictures, 'hat.jpg'),
        '--text',
        'a hat',
        '--model',
        out,
        '--json',
      ])
      const image = await captured(['embed', join(pictures, 'hat.jpg'), '--out', join(out, 'x.jsonl'), '--model', out])
      expect(image.code).toBe(0)
      return { stdout, image: jsonLines(await readFile(join(out, 'x.jsonl'), 'utf8'))[0].embedding }
    }
    const before = await frozen('--lr', '0', '--weight-decay', '0')
    const image = await frozen('--freeze', 'image')
    const text = await frozen('--freeze', 'text')
    expect(image.image).toEqual(before.image)
    expect(text.image).not.toEqual(before.image)
  })

  it('names what it cannot use, and goes on', async () => {
    await writeFile(join(folder, 'broken.jpg'), 'text')
    const rows = ['filepath,title', `${join(folder, 'broken.jpg')},a hat`]
    await writeFile(join(folder, 'pairs.csv'), rows.join('\n'))
    const { code, stderr } = await train(
      '--data',
      join(folder, 'pairs.csv'),
      '--out',
      join(folder, 'run'),
      '--epochs',
      '2',
    )
    expect(code).toBe(1)
    expect(stderr).toContain('broken.jpg')
    expect(stderr).toContain('is left out: ')
  })

  it('whose loss is not a number any more ends with a sentence, and its last checkpoint stays', async () => {
    const flags = ['--out', folder, '--steps', '20', '--save-every', '1', '--warmup', '0', '--lr', '1e20']
    const { code, stderr } = await train(...flags)
    expect(code).toBe(2)
    expect(stderr).toMatch(/step \d+: the .* is not a number any more, so the step was not taken/)
    expect(stderr).not.toContain('    at ')
    expect((await readdir(join(folder, 'checkpoints'))).length).toBeGreaterThan(0)
    const config = JSON.parse(await readFile(join(folder, 'open_clip_config.json'), 'utf8'))
    expect(config.model_cfg.embed_dim).toBe(16)
  })

  it('that is interrupted saves and exits with 130, and a second one in its folder is refused', async () => {
    const interruption = new AbortController()
    const stdout = new PassThrough()
    const streams = { stdin: Readable.from([]), stdout, stderr: new PassThrough() }
    const flags = [
      '--data',
      join(given, 'pairs.csv'),
      '--model',
      join(given, 'tiny.json'),
      '--batch',
      '4',
      '--out',
      folder,
    ]
    const running = run(['train', ...flags, '--steps', '100000', '--json'], streams, interruption.signal)
    await new Promise<void>((resolve) => {
      let written = ''
      stdout.on('data', (chunk) => {
        written += chunk
        if (written.includes('"step":3')) resolve()
      })
    })
    const second = await train('--out', folder, '--resume')
    expect(second).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('another run is writing into this folder'),
    })
    interruption.abort()
    expect(await running).toBe(130)
    const [last] = (await readdir(join(folder, 'checkpoints'))).slice(-1)
    expect((await lines('results.jsonl')).at(-1).step).toBe(Number(last!.match(/\d+/)![0]))
    expect(await readdir(folder)).toContain('curves.svg')
  })
})
