import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { captured, jsonLines } from '../../../test/cli/captured.ts'
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
    "typeclip train: train a CLIP on images and captions

    Usage: typeclip train --data SOURCE… --model CONFIG.json|CHECKPOINT --out DIR [flags]

    SOURCE is a folder of images with captions beside them (x.jpg, x.txt), a folder of class folders, a table (.csv,
    .tsv, .jsonl; columns image and caption), or WebDataset shards ("shards/{000..099}.tar", also over http).
    DIR works as --model DIR from the first checkpoint on. Beside the model it holds results.jsonl, validation.jsonl,
    tensorboard/, checkpoints/, best/, and at the end curves.svg and curves.png.
    Ctrl-C saves a checkpoint and stops; the same command with --resume continues, with the same numbers as an
    uninterrupted run.

    Flags:
      --data SOURCE…               data to learn from; repeat the flag to mix several
      --template T…                class folders: caption with {} for the class; one of several is chosen at random
      --val SOURCE                 validate every checkpoint on this data, and keep the best as OUT/best
      --model CONFIG.json|M        open_clip config (.json) to train from scratch, or a checkpoint to continue from
      --out DIR                    folder for all results: new or empty, unless --resume
      --objective O                what to minimise. Default: contrastive, CLIP's own loss
      --batch N                    examples per step. Default: 128
      --chunk N                    examples in memory at a time; results are the same as without
      --recompute                  recompute transformer blocks in the backward pass: slower, far less memory
      --epochs N                   passes over the data. Default: 1
      --steps N                    steps, instead of --epochs
      --lr X                       peak learning rate. Default: 5e-4
      --schedule cosine|constant   learning-rate schedule. Default: cosine
      --warmup N                   warm-up steps. Default: 2000, at most a tenth of all steps
      --weight-decay X             of parameters with two or more dimensions. Default: 0.2
      --beta1 X                    AdamW's. Default: 0.9
      --beta2 X                    AdamW's. Default: 0.98
      --eps X                      AdamW's. Default: 1e-6
      --clip-grad X                clip the gradient to this norm. Default: no clipping
      --freeze image|text          encoder that is not trained
      --no-shuffle                 read the data in its own order
      --no-augment                 preprocess images as for evaluation
      --crop-scale MIN,MAX         share of each image that a random crop keeps. Default: 0.9,1
      --flip                       mirror half of the images
      --save-every N               steps between checkpoints. Default: 200
      --keep N                     checkpoints to keep. Default: 2
      --patience N                 stop after N validations without improvement
      --log-every N                steps between lines of results.jsonl. Default: 1
      --seed N                     random seed. Default: 0
      --resume                     continue from the last checkpoint in DIR; start if there is none
      --json                       every event as one line of JSON: {"kind": "step", "loss", …}
      --activation quickgelu|gelu  activation of a checkpoint that does not name its own
      --max-pixels N               refuse images with more pixels. Default: 178,956,970, as Pillow
      --exif-rotate                rotate photos by their EXIF orientation, which the reference ignores
      --threads N                  threads to compute with. Default: one for each core
      --image-column C             table: column of image paths. Default: image, filepath or file_name
      --caption-column C           table: column of captions. Default: caption, captions, title or text
      --separator S                table: column separator. Default: read from the header
      -q, --quiet                  no notices and no progress; errors are always shown
      -h, --help                   show this text

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

  it('is reported in lines of JSON, and resumes with the numbers of an uninterrupted run', async () => {
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
    expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining('--lr was 0.0005 and is 1') })
    const locked = await train('--out', cut, '--steps', '4', ...flags, '--resume', '--freeze', 'image')
    expect(locked).toMatchObject({ code: 2, stderr: expect.stringContaining('--freeze was [] and is ["visual"]') })
    const again = await train('--out', cut, '--steps', '4', ...flags)
    expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('is not empty') })
  })

  it('is validated by retrieval if the data has captions and no classes', async () => {
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

  it('names unusable samples, and continues', async () => {
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
    expect(stderr).toContain('broken.jpg is skipped: this is text')
  })

  it('whose loss is not a number any more ends with a sentence, and its last checkpoint stays', async () => {
    const flags = ['--out', folder, '--steps', '20', '--save-every', '1', '--warmup', '0', '--lr', '1e20']
    const { code, stderr } = await train(...flags)
    expect(code).toBe(2)
    expect(stderr).toMatch(
      /step \d+: the (loss is NaN, |gradient is )no longer a finite number, so the step was not taken/,
    )
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

it("refuses a vocabulary smaller than CLIP's before it trains", async () => {
  const small = join(folder, 'small.json')
  await writeFile(small, JSON.stringify({ ...tiny, text_cfg: { ...tiny.text_cfg, vocab_size: 1000 } }))
  const { code, stderr } = await captured([
    ...['train', '--data', join(given, 'pairs.csv'), '--model', small, '--batch', '4'],
    ...['--out', join(folder, 'run'), '--steps', '1'],
  ])
  expect(code).toBe(2)
  expect(stderr).toContain("the model's vocabulary has 1000 tokens, and captions are tokenized with CLIP's 49408")
})
