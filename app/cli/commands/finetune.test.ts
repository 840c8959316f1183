import { cp, mkdir, mkdtemp, readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { captured, jsonLines } from '../../../test/cli/captured.ts'
import { randomModel } from '../../../test/random-model.ts'
import { run } from '../run.ts'

const pictures = fileURLToPath(new URL('../../../examples/pictures', import.meta.url))
/** The last image of each class judges. */
const classes = {
  clothes: ['hat', 'pants', 'shirt'],
  fruit: ['apple', 'lemon', 'orange'],
  vegetable: ['cabbage', 'tomato'],
}
const tiny = {
  embed_dim: 16,
  vision_cfg: { image_size: 32, layers: 2, width: 64, patch_size: 16 },
  text_cfg: { context_length: 16, vocab_size: 49408, width: 16, heads: 1, layers: 1 },
}
let given: string
let model: string

beforeAll(async () => {
  given = await mkdtemp(join(tmpdir(), 'typeclip-'))
  model = await randomModel(tiny)
  for (const [name, words] of Object.entries(classes)) {
    for (const word of words) {
      const folder = join(given, word === words.at(-1) ? 'val' : 'train', name)
      await mkdir(folder, { recursive: true })
      await cp(join(pictures, `${word}.jpg`), join(folder, `${word}.jpg`))
    }
  }
})

const newFolder = async () => join(await mkdtemp(join(tmpdir(), 'typeclip-')), 'run')
const argvOf = (out: string, ...more: string[]) => [
  ...['finetune', '--model', model, '--train', join(given, 'train'), '--val', join(given, 'val'), '--out', out],
  ...['--threads', '1', '--lr', '1e-3', ...more],
]
const finetune = (out: string, ...more: string[]) => captured(argvOf(out, ...more))
const json = async (...path: string[]) => JSON.parse(await readFile(join(...path), 'utf8'))

it('prints help', async () => {
  expect((await captured(['finetune', '--help'])).stdout).toMatchInlineSnapshot(`
    "typeclip finetune: adapt a model to your own classes

    Usage: typeclip finetune --method M --train FOLDER --out DIR [--val FOLDER] [--html FILE] [flags]

    Methods:
      full           the image encoder and a head initialised as the zero-shot classifier
      wise-ft        full, then averages the weights half-way back to the original model; draws the curve between
      lora           low-rank matrices beside the weights of both encoders; saved merged, and as a PEFT adapter
      flyp           CLIP's contrastive loss over images and class prompts; trains both encoders
      lit            the text encoder alone, by the contrastive loss; the image encoder is frozen
      linear-probe   logistic regression on the image encoder's features; the penalty is chosen on the validation set
      coop           trains context vectors in the prompt, and nothing else
      tip-adapter    zero-shot plus a cache of the training images; nothing is trained
      tip-adapter-f  Tip-Adapter with the cache's keys trained

    linear-probe, coop, tip-adapter and tip-adapter-f do not change the model; features are computed once. DIR works as
    --model DIR; except after lora, flyp and lit it predicts with its own classifier. It holds result.json, and for
    methods with steps results.jsonl, validation.jsonl, tensorboard/ and curves.svg. Ctrl-C saves and stops; the same
    command with --resume continues.

    Flags:
      --method M                          one of the methods above
      --train FOLDER                      training images, each in a folder named after its class
      --val FOLDER                        validation images. Default: 10 % of the training images, chosen at random
      --out DIR                           folder for all results: new or empty, unless --resume
      --shots N                           training images per class, chosen at random. Default: all
      --template T…                       prompt with {} for the class. Default: "a photo of a {}."
      --classnames FILE                   JSON object from folder names to class names: {"n01440764": "tench", …}
      --image-column C                    table: column of image paths. Default: image, filepath or file_name
      --caption-column C                  table: column of captions. Default: caption, captions, title or text
      --separator S                       table: column separator. Default: read from the header
      --epochs N                          passes over the data. Default: the method's own, at least 100 steps, lora 200
      --steps N                           steps, instead of --epochs
      --lr X                              peak learning rate. Default: the method's own
      --batch N                           images per step. Default: 32
      --chunk N                           images in memory at a time; results are the same as without
      --recompute                         recompute transformer blocks in the backward pass: slower, far less memory
      --warmup N                          warm-up steps. Default: a tenth of all
      --clip-grad X                       clip the gradient to this norm. Default: no clipping; full and wise-ft 1
      --weight-decay X                    of parameters with two or more dimensions. Default: 0.1; lora 0.01
      --layer-decay X                     learning rate of each block as a share of the next one's. Default: 1
      --judgements N                      how often to validate and save. Default: 10
      --patience N                        stop after N validations without improvement
      --no-augment                        preprocess images as for evaluation. Default: random crops, half of them mirrored
      --alpha X                           wise-ft: 0 (zero-shot) to 1 (fine-tuned), default 0.5; lora: α, default 1
      --rank N                            lora: rank of the matrices. Default: 2
      --scaling standard|rank-stabilised  lora: α/r (standard) or α/√r. Default: rank-stabilised, as CLIP-LoRA
      --targets T,…                       lora: any of q, k, v, out, fc, proj. Default: q,k,v
      --towers image|text|both            lora: encoders to adapt. Default: both
      --context N                         coop: context vectors to learn. Default: 16; in small models 4
      --context-words T                   coop: words to initialise from. Default: random; in small models a photo of a
      --seed N                            random seed. Default: 0
      --resume                            continue from the last checkpoint in DIR; start if there is none
      --json                              the result as one object
      --html FILE                         page to write: before and after, and the mistakes left; an existing file is replaced
      --model M                           name (typeclip models), hub id, folder or file. Default: the small model that ships
      --activation quickgelu|gelu         activation of a checkpoint that does not name its own
      --device cpu                        cpu; training runs nowhere else
      --threads N                         threads to compute with. Default: one for each core
      --order openai|hf                   openai (resize, then RGB) or hf (RGB, then resize). Default: the checkpoint's
      --max-pixels N                      refuse images with more pixels. Default: 178,956,970, as Pillow
      --exif-rotate                       rotate photos by their EXIF orientation, which the reference ignores
      -q, --quiet                         no notices and no progress; errors are always shown
      -h, --help                          show this text

    Examples:
      typeclip finetune --method lora --train photos/train --val photos/val --out run --shots 16
      typeclip finetune --method linear-probe --train photos --out run --html report.html
      typeclip finetune --method wise-ft --train photos --out run --alpha 0.7 --model ViT-B/32
      typeclip finetune --method full --train photos --out run --classnames words.json --layer-decay 0.8
    "
  `)
})

it.each([
  [['photos'], "finetune takes flags only; found 'photos'"],
  [['--train', 'x', '--out', 'y'], '--method is missing; it takes one of full, wise-ft, lora'],
  [['--method', 'magic', '--train', 'x', '--out', 'y'], "--method is 'magic'; it takes one of full"],
  [['--method', 'full', '--out', 'y'], '--train is missing'],
  [['--method', 'full', '--train', 'x'], '--out is missing'],
  [['--method', 'full', '--train', 'x', '--out', 'y', '--steps', '1', '--epochs', '1'], 'two answers to the same'],
  [
    ['--method', 'wise-ft', '--train', 'x', '--out', 'y', '--alpha', '2'],
    '--alpha of wise-ft is between 0 and 1; found 2',
  ],
  [['--method', 'lora', '--train', 'x', '--out', 'y', '--targets', 'q,mlp'], "out, fc, proj; found 'mlp'"],
  [['--method', 'lora', '--train', 'x', '--out', 'y', '--scaling', 'none'], '--scaling'],
  [
    ['--method', 'full', '--train', 'x', '--out', 'y', '--rank', '4'],
    '--rank is only for --method lora; the method is',
  ],
  [
    ['--method', 'coop', '--train', 'x', '--out', 'y', '--layer-decay', '0.5'],
    '--layer-decay is only for --method full, ',
  ],
  [['--method', 'tip-adapter', '--train', 'x', '--out', 'y', '--no-augment'], '--no-augment is only for'],
])('%j is wrong use: exit code 2 and one sentence', async (argv, message) => {
  const { code, stdout, stderr } = await captured(['finetune', ...argv])
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toContain(message)
  expect(stderr).not.toContain('    at ')
})

it('ends with a sentence where the rate is far too high, and where there is one class alone', async () => {
  const argv = argvOf(await newFolder(), '--method', 'flyp', '--steps', '4')
  const wild = await captured(argv.map((word) => (word === '1e-3' ? '1e30' : word)))
  expect(wild.code).toBe(2)
  expect(wild.stderr).toContain('a lower --lr, a longer --warmup')
  expect(wild.stderr).not.toContain('    at ')
  const alone = join(given, 'train', 'fruit')
  const one = ['finetune', '--method', 'linear-probe', '--train', alone, '--out', await newFolder()]
  expect(await captured(one)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('has one class alone, fruit'),
  })
})

it('leaves a folder that is not empty as it is', async () => {
  const { code, stderr } = await finetune(given, '--method', 'full', '--steps', '1')
  expect(code).toBe(2)
  expect(stderr).toContain(given)
  expect((await readdir(given)).sort()).toEqual(['train', 'val'])
})

const always = [
  'best',
  'checkpoints',
  'curves.png',
  'curves.svg',
  'open_clip_config.json',
  'open_clip_model.safetensors',
]
const logs = ['result.json', 'results.jsonl', 'tensorboard', 'validation.jsonl']
const beside: Record<string, string[]> = {
  full: ['classifier.safetensors'],
  lora: ['adapter_config.json', 'adapter_model.safetensors'],
  flyp: [],
  lit: ['features'],
  'wise-ft': ['classifier.safetensors', 'fine-tuned', 'wise-ft.json', 'wise-ft.png', 'wise-ft.svg', 'zero-shot'],
}

describe.each(Object.entries(beside))('%s', (method, more) => {
  it('leaves a model that answers, its logs and its result', async () => {
    const out = await newFolder()
    const { code, stdout, stderr } = await finetune(out, '--method', method, '--steps', '2', '--json')
    expect(stderr.replaceAll(/.*\r/g, '')).not.toContain('    at ')
    expect(code).toBe(0)
    const result = JSON.parse(stdout)
    expect(result).toEqual(await json(out, 'result.json'))
    expect(result).toMatchObject({ method, classes: Object.keys(classes), n: 3, trained: 5, shots: null, seed: 0 })
    const hasClassifier = more.includes('classifier.safetensors')
    expect(result.classifier).toBe(hasClassifier)
    expect((await readdir(out)).sort()).toEqual([...always, ...logs, ...more].sort())
    const log = jsonLines(await readFile(join(out, 'results.jsonl'), 'utf8'))
    expect(log.map(({ step }) => step)).toEqual([1, 2])
    for (const { loss } of log) expect(loss).toBeGreaterThan(0)

    const picture = join(given, 'val', 'fruit', 'orange.jpg')
    const labels = hasClassifier ? [] : ['--labels', 'clothes,fruit,vegetable']
    const asked = ['classify', picture, '--model', out, '--json', '--threads', '1', ...labels]
    const answer = JSON.parse((await captured(asked)).stdout)
    expect(answer.labels.map(({ label }: { label: string }) => label).sort()).toEqual(Object.keys(classes))
  })
})

it('one command, one page: before and after, class by class', async () => {
  const [out, html] = [await newFolder(), join(given, 'page.html')]
  const argv = ['finetune', '--method', 'linear-probe', '--train', join(given, 'train'), '--val', join(given, 'val')]
  const { code, stderr } = await captured([...argv, '--out', out, '--model', model, '--threads', '1', '--html', html])
  expect({ code, said: stderr.includes(`${html}: `) }).toEqual({ code: 0, said: true })
  const page = await readFile(html, 'utf8')
  for (const part of ['What changed', 'recall before', 'Confusion matrix']) expect(page).toContain(part)
  const doubt = /of 3: that may be chance|zero-shot was more accurate on the validation images/
  expect([stderr, page].map((text) => doubt.test(text))).toEqual([true, true])
  expect(page).not.toMatch(/(src|href)="(?!data:|#)/)
})

it('reads images as the common flags say, whatever the method', async () => {
  const common = ['--exif-rotate', '--order', 'hf', '--device', 'cpu', '--max-pixels']
  for (const method of [['full', '--steps', '1'], ['tip-adapter']]) {
    const found = await finetune(await newFolder(), '--method', ...method, ...common, '100000000', '--json')
    expect(found.code).toBe(0)
    expect(JSON.parse(found.stdout)).toMatchObject({ n: 3, trained: 5 })
    const refused = await finetune(await newFolder(), '--method', ...method, ...common, '9')
    expect(refused).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no image can be read of the classes clothes, fruit, vegetable'),
    })
  }
})

it('reports its progress, and resumes after Ctrl-C with the numbers of an uninterrupted run', async () => {
  const [whole, halves] = [await newFolder(), await newFolder()]
  const flags = ['--method', 'lora', '--steps', '3']
  const { stdout } = await finetune(whole, ...flags)
  expect(stdout).toMatch(/zero-shot: [\d.]+ % of 3 images/)
  expect(stdout).toMatch(/fine-tuned: [\d.]+ % of 3 images/)
  expect(stdout).toContain(`as --model ${whole} it takes labels`)

  const interruption = new AbortController()
  const stopped = new Writable({
    write(chunk, _encoding, done) {
      if (`${chunk}`.includes('step 1 of 3')) interruption.abort()
      done()
    },
  })
  const streams = { stdin: Readable.from([]), stdout: stopped, stderr: new PassThrough().resume() }
  expect(await run(argvOf(halves, ...flags), streams, interruption.signal)).toBe(130)
  expect(await readdir(halves)).not.toContain('result.json')
  const steps = async (folder: string) =>
    jsonLines(await readFile(join(folder, 'results.jsonl'), 'utf8')).map(({ step, loss }) => [step, loss])
  expect((await steps(halves)).length).toBeLessThan(3)

  const other = await finetune(halves, ...flags, '--resume', '--rank', '4')
  expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining('--rank was 2 and is 4') })
  expect((await finetune(halves, ...flags, '--resume')).code).toBe(0)
  expect(await steps(halves)).toEqual(await steps(whole))
  const file = 'adapter_model.safetensors'
  expect(await readFile(join(halves, file))).toEqual(await readFile(join(whole, file)))
})
