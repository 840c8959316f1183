import { cp, mkdir, mkdtemp, readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { randomModel } from '../../../test/random-model.ts'
import { captured, jsonLines } from '../captured.ts'
import { run } from '../run.ts'

const pictures = fileURLToPath(new URL('../../../examples/pictures', import.meta.url))
/** The last picture of each class judges. */
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
    "typeclip finetune: a model that knows your classes better

    Usage: typeclip finetune --method M --train FOLDER --out DIR [--val FOLDER] [--html FILE] [flags]

    full: image tower and a head that begins as the zero-shot classifier. wise-ft: that, and half of the way back.
    lora: thin matrices beside the weights. flyp: CLIP's own loss over pictures and prompts. lit: text tower only.
    linear-probe, coop, tip-adapter, tip-adapter-f: the model stays as it is; features are computed once.
    DIR works as --model DIR. After full, wise-ft and those of the last line it answers with its own classifier.
    It holds result.json, and of runs with steps results.jsonl, validation.jsonl, tensorboard/, curves.svg.
    Ctrl-C saves and ends; the same flags with --resume go on.

    Flags:
      --method M                          how: one of those above
      --train FOLDER                      pictures to learn from, each in a folder named as its class
      --val FOLDER                        pictures to judge by; else a tenth of the training ones, by lot
      --out DIR                           everything goes into this folder: new or empty, unless --resume
      --shots N                           learn from so many pictures of each class, by lot; else from all
      --template T…                       a prompt with {} for the class; else "a photo of a {}."
      --classnames FILE                   JSON object: folder name to words, {"n01440764": "tench", …}
      --epochs N                          times through the data; else the method's own, at least 100 steps, lora 200
      --steps N                           steps, in place of --epochs
      --lr X                              the learning rate at its highest; else the method's own
      --batch N                           pictures in a step; else 32
      --chunk N                           pictures in memory at a time; the numbers stay those of --batch
      --recompute                         compute transformer blocks' insides twice: slower, in far less memory
      --warmup N                          steps of warm-up; else a tenth of all
      --clip-grad X                       the longest gradient, by its norm; else any, full and wise-ft 1
      --weight-decay X                    of all that has two dimensions or more; else 0.1, LoRA 0.01
      --layer-decay X                     each block's rate as a share of the next one's; else 1
      --judgements N                      how often the run is judged and saved, by --val; else 10
      --patience N                        end after so many judgements without a better one
      --no-augment                        prepare the pictures as for evaluation; else random crops, half of them mirrored
      --alpha X                           wise-ft: 0 (zero-shot) to 1 (fine-tuned), else 0.5; lora: its α, else 1
      --rank N                            lora: of the matrices; else 2
      --scaling standard|rank-stabilised  lora: α/r or α/√r; else rank-stabilised, as CLIP-LoRA
      --targets T,…                       lora: of q, k, v, out, fc, proj; else q,k,v
      --towers image|text|both            lora: where; else both
      --context N                         coop: words that are learnt; else 16, or in small models 4
      --context-words T                   coop: words to begin from; else by lot, in small models a photo of a
      --seed N                            decides everything that is drawn by lot; else 0
      --resume                            go on from the last checkpoint in DIR; begin anew where there is none
      --json                              the result as one object
      --html FILE                         a page: before and after, the mistakes left; the file is written over
      --model M                           a name (typeclip models), a hub id, a folder or a file; else the one that ships
      --activation quickgelu|gelu         where the checkpoint does not say
      --device cpu                        cpu: what trains runs there alone
      --threads N                         threads to compute with; else one for each core
      --order openai|hf                   resize, then RGB; or RGB first. Else as the model's publisher does
      --max-pixels N                      refuse larger pictures
      --exif-rotate                       turn photos upright by their EXIF entry; the reference does not
      --help                              this text

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
  [['--train', 'x', '--out', 'y'], '--method is missing; it takes one of full, linear-probe, lora'],
  [['--method', 'magic', '--train', 'x', '--out', 'y'], "--method is 'magic'; it takes one of full"],
  [['--method', 'full', '--out', 'y'], '--train is missing'],
  [['--method', 'full', '--train', 'x'], '--out is missing'],
  [['--method', 'full', '--train', 'x', '--out', 'y', '--steps', '1', '--epochs', '1'], 'two answers to the same'],
  [['--method', 'wise-ft', '--train', 'x', '--out', 'y', '--alpha', '2'], 'lies between 0 and 1; found 2'],
  [['--method', 'lora', '--train', 'x', '--out', 'y', '--targets', 'q,mlp'], "out, fc, proj; found 'mlp'"],
  [['--method', 'lora', '--train', 'x', '--out', 'y', '--scaling', 'none'], '--scaling'],
  [
    ['--method', 'full', '--train', 'x', '--out', 'y', '--rank', '4'],
    '--rank is read by --method lora, and the method is',
  ],
  [
    ['--method', 'coop', '--train', 'x', '--out', 'y', '--layer-decay', '0.5'],
    '--layer-decay is read by --method full, ',
  ],
  [['--method', 'tip-adapter', '--train', 'x', '--out', 'y', '--no-augment'], '--no-augment is read by'],
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
  expect(wild.stderr).toMatch(/with a lower (`learningRate`|--lr)/)
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
  for (const part of ['What changed', 'recall before', 'What is taken for what']) expect(page).toContain(part)
  const doubt = /of 3: that may be chance|by words alone these pictures were answered better/
  expect([stderr, page].map((text) => doubt.test(text))).toEqual([true, true])
  expect(page).not.toMatch(/(src|href)="(?!data:|#)/)
})

it('reads pictures as the common flags say, whatever the method', async () => {
  const common = ['--exif-rotate', '--order', 'hf', '--device', 'cpu', '--max-pixels']
  for (const method of [['full', '--steps', '1'], ['tip-adapter']]) {
    const found = await finetune(await newFolder(), '--method', ...method, ...common, '100000000', '--json')
    expect(found.code).toBe(0)
    expect(JSON.parse(found.stdout)).toMatchObject({ n: 3, trained: 5 })
    const refused = await finetune(await newFolder(), '--method', ...method, ...common, '9')
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('none of its 3 images could be used') })
  }
})

it('says on the way what it does, and goes on after Ctrl-C to the numbers of an unbroken run', async () => {
  const [whole, halves] = [await newFolder(), await newFolder()]
  const flags = ['--method', 'lora', '--steps', '3']
  const { stdout } = await finetune(whole, ...flags)
  expect(stdout).toMatch(/zero-shot: [\d.]+ % of 3 pictures/)
  expect(stdout).toMatch(/fine-tuned: [\d.]+ % of 3 pictures/)
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
  expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining('rank') })
  expect((await finetune(halves, ...flags, '--resume')).code).toBe(0)
  expect(await steps(halves)).toEqual(await steps(whole))
  const file = 'adapter_model.safetensors'
  expect(await readFile(join(halves, file))).toEqual(await readFile(join(whole, file)))
})
