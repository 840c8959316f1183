// Plausible mistakes, each with the sentence that answers it: what is wrong, and what to do. Nothing here needs a network.

import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { captured } from '../../test/cli/captured.ts'

interface Mistake {
  /** What was typed after `typeclip`; LONG is a text of 88 tokens. */
  line: string
  says: RegExp
  /** 2 by default: wrong use, or nothing could be done. */
  code?: 1
  stdin?: string
}

const mistakes: readonly Mistake[] = [
  { line: '', says: /a command is missing/ },
  { line: 'clasify a.jpg', says: /no command 'clasify'; did you mean classify\?/ },
  { line: 'zero-shot --data photos', says: /did you mean evaluate zero-shot\?/ },
  { line: 'a.jpg', says: /for an image: typeclip classify a\.jpg --labels/ },
  { line: '--labels cat,dog classify a.jpg', says: /the command comes first: typeclip COMMAND --labels/ },
  { line: '--versoin', says: /did you mean --version\?/ },
  { line: '-x', says: /the command comes first/ },
  { line: 'help clasify', says: /did you mean classify\?/ },
  { line: 'classify a.jpg --label cat,dog', says: /no flag --label; did you mean --labels\?/ },
  { line: 'classify a.jpg --lables cat,dog', says: /did you mean --labels\?/ },
  { line: 'classify a.jpg -labels cat,dog', says: /no flag -labels; did you mean --labels\?/ },
  { line: 'classify a.jpg -x', says: /a word that begins with - comes after --/ },
  { line: 'classify a.jpg --labels', says: /--labels needs a value: --labels L,L/ },
  { line: 'classify a.jpg --labels --json', says: /the flag --json follows it/ },
  { line: 'classify a.jpg --labels cat --labels dog', says: /--labels was given twice; it takes one value/ },
  { line: 'classify a.jpg cat dog', says: /no labels were given: --labels "a cat,a dog"/ },
  { line: 'classify --labels cat,dog', says: /no image was given: a file, a folder, a glob/ },
  { line: 'classify a.jpg', says: /no labels were given: --labels/ },
  { line: 'classify a.jpg --labels ,,', says: /no labels were given: --labels/ },
  { line: 'classify nofile.jpg --labels cat,dog', says: /nofile\.jpg: no such file or folder/ },
  { line: 'classify nofolder/ --labels cat,dog', says: /nofolder\/: no such file or folder/ },
  { line: 'classify empty --labels cat,dog', says: /empty: no image in this folder \(jpg, / },
  { line: 'classify *.gif --labels cat,dog', says: /\*\.gif: no file matches/ },
  {
    line: 'classify a.jpg nofile.jpg --labels cat,dog',
    says: /nofile\.jpg: no such file or folder\n.*1 of 2 inputs failed/,
    code: 1,
  },
  {
    line: 'classify text.png --labels cat,dog',
    says: /text\.png: this is text, not an image; .* Check that this is the right file/,
  },
  { line: 'classify none.png --labels cat,dog', says: /none\.png: the file is empty/ },
  { line: 'classify page.jpg --labels cat,dog', says: /an HTML page \(perhaps a failed download\)/ },
  { line: 'classify a.jpg --labels-file nolabels.txt', says: /nolabels\.txt cannot be read: no such file or folder/ },
  { line: 'classify a.jpg --labels-file blank.txt', says: /no labels were given/ },
  { line: 'classify a.jpg --labels-file latin1.txt', says: /line 1 is not UTF-8; save the file as UTF-8/ },
  {
    line: 'classify a.jpg --labels-file photos',
    says: /photos cannot be read: this is a folder, and a file is needed/,
  },
  { line: 'classify - --labels-file -', says: /standard input can be read once/ },
  { line: 'classify - - --labels cat', says: /standard input, and it can be read once/ },
  { line: 'classify - --labels cat,dog', says: /standard input is empty; - takes the bytes of one image/ },
  { line: 'classify - --labels cat,dog', says: /For a list of paths use xargs/, stdin: 'a.jpg\nb.jpg\n' },
  { line: 'classify a.jpg --labels cat,dog --top 0', says: /--top takes a whole number from 1 on; found '0'/ },
  { line: 'classify a.jpg --labels cat,dog --top abc', says: /--top takes a whole number from 1 on; found 'abc'/ },
  { line: 'classify a.jpg --labels cat,dog --threads 0', says: /--threads takes a whole number from 1 on/ },
  { line: 'classify a.jpg --labels cat,dog --threads 1.5', says: /--threads takes a whole number from 1 on/ },
  {
    line: 'classify a.jpg --labels cat,dog --device gpu',
    says: /--device is one of cpu, webgpu, cuda, coreml, dml; found 'gpu'/,
  },
  { line: 'classify a.jpg --labels cat,dog --model ./nomodel', says: /'\.\/nomodel' is no file or folder here/ },
  { line: 'classify a.jpg --labels cat,dog --model a.jpg', says: /neither safetensors nor a PyTorch checkpoint/ },
  { line: 'classify a.jpg --labels cat,dog --model bad.pt', says: /neither safetensors nor a PyTorch checkpoint/ },
  { line: 'classify a.jpg --labels cat,dog --model empty', says: /no weights in this folder; expected one of/ },
  { line: 'classify a.jpg --labels cat,dog --template photo', says: /template "photo" has no \{\} for the label/ },
  { line: 'classify a.jpg --labels cat,dog --max-pixels 10', says: /more than the 10 allowed; raise --max-pixels/ },
  {
    line: 'classify a.jpg --labels cat,dog --activation relu',
    says: /--activation is one of quickgelu, gelu; found 'relu'/,
  },
  { line: 'classify a.jpg --labels cat,dog --order rgb', says: /--order is one of openai, hf; found 'rgb'/ },
  { line: 'classify a.jpg --labels cat,dog --json=yes', says: /--json takes no value; found 'yes'/ },
  {
    line: 'classify a.jpg --labels cat,dog --calibration nofile.json',
    says: /nofile\.json: cannot be read: .*expected a file that/,
  },
  {
    line: 'classify a.jpg --labels cat,dog --calibration bad.json',
    says: /bad\.json: is not JSON: .*expected a file that/,
  },
  { line: 'embed a.jpg', says: /--out is missing: a file X\.npy/ },
  { line: 'embed a.jpg --out nodir/x.npy', says: /there is no folder nodir; make it first/ },
  { line: 'embed a.jpg --out .', says: /the name has to end in \.npy/ },
  { line: 'embed a.jpg --out x.csv', says: /the name has to end in \.npy/ },
  { line: 'embed a.jpg --out a.jpg/x.npy', says: /a\.jpg\/x\.npy cannot be written: .*choose another place/ },
  { line: 'embed --out x.npy', says: /nothing to embed: give images, --text or --text-file/ },
  { line: 'embed nofile.jpg --out x.npy', says: /nofile\.jpg: no such file or folder/ },
  { line: 'embed --text a --out x.npy --truncate --chunk', says: /two answers to the same question; give one/ },
  { line: 'embed --text-file nofile.txt --out x.npy', says: /nofile\.txt cannot be read: no such file or folder/ },
  { line: 'embed --text-file latin1.txt --out x.npy', says: /line 1 is not UTF-8; save the file as UTF-8/ },
  { line: 'similarity a.jpg', says: /no text was given: --text/ },
  { line: 'similarity --text cat', says: /no image was given/ },
  { line: 'similarity a.jpg --image b.jpg', says: /there is no flag --image; --help lists the flags/ },
  { line: 'evaluate', says: /evaluate is followed by one of zero-shot, retrieval, linear-probe, calibrate/ },
  { line: 'evaluate zeroshot --data photos', says: /found 'zeroshot'; did you mean zero-shot\?/ },
  { line: 'evaluate zero-shot', says: /--data is missing/ },
  { line: 'evaluate zero-shot photos', says: /zero-shot takes flags only; found 'photos'/ },
  { line: 'evaluate zero-shot --data empty', says: /empty: no .*expected/ },
  { line: 'evaluate zero-shot --data nofolder', says: /nofolder: there is no such file or folder; expected/ },
  { line: 'evaluate zero-shot --data photos --html nodir/x.html', says: /there is no folder nodir; make it first/ },
  { line: 'evaluate zero-shot --data photos --html -', says: /- is standard output, .*give the name of a file/ },
  { line: 'evaluate zero-shot --data photos --classnames bad.json', says: /--classnames bad\.json is not JSON/ },
  { line: 'evaluate zero-shot --data photos --classnames list.json', says: /expected an object, folder name to words/ },
  {
    line: 'evaluate zero-shot --data photos --classnames nofile.json',
    says: /--classnames nofile\.json cannot be read: no such file/,
  },
  { line: 'evaluate zero-shot --data photos --explain', says: /give --html FILE too/ },
  { line: 'evaluate calibrate --data photos', says: /--out is missing/ },
  {
    line: 'evaluate calibrate --data photos --out c.json --precision 2',
    says: /--precision takes a number above 0 and below 1/,
  },
  { line: 'evaluate retrieval', says: /--data is missing/ },
  { line: 'evaluate retrieval --data nocol.csv', says: /no column "image"; it has "img", "txt"\. .*--image-column/ },
  { line: 'evaluate linear-probe --train photos', says: /--test is missing/ },
  { line: 'evaluate linear-probe --train photos --test other', says: /has not: q; both need the same classes/ },
  { line: 'evaluate linear-probe --train photos --test photos --c 0', says: /--c takes a number above 0/ },
  { line: 'evaluate linear-probe --train photos --test photos --c 1 --sweep', says: /give one of --sweep and --c/ },
  { line: 'finetune --train photos --out r1', says: /--method is missing; it takes one of full, / },
  { line: 'finetune --method lorra --train photos --out r1', says: /--method is 'lorra'; it takes one of/ },
  { line: 'finetune --method lora --out r1', says: /--train is missing: a folder of class folders/ },
  { line: 'finetune --method lora --train photos', says: /--out is missing/ },
  {
    line: 'finetune --method lora --train photos --out full',
    says: /full is not empty; continue the run in it \(--resume\), or choose another folder/,
  },
  {
    line: 'finetune --method lora --train photos --val other --out r2',
    says: /does not know q; it knows cat, dog.*--classnames/,
  },
  { line: 'finetune --method linear-probe --train photos --out r3 --rank 4', says: /--rank is only for --method lora/ },
  {
    line: 'finetune --method lora --train photos --out r4 --lr fast',
    says: /--lr takes a number above 0; found 'fast'/,
  },
  { line: 'finetune --method lora --train photos --out r4 --rank 0', says: /--rank takes a whole number from 1 on/ },
  {
    line: 'finetune --method lora --train photos --out r4 --targets q,x',
    says: /--targets takes a list of q, k, v, out, fc, proj; found 'x'/,
  },
  {
    line: 'finetune --method lora --train photos --out r4 --epochs 1 --steps 2',
    says: /--steps and --epochs are two answers/,
  },
  {
    line: 'finetune --method lora --train photos --out r4 --device cuda',
    says: /--device is one of cpu; found 'cuda'/,
  },
  { line: 'finetune --method wise-ft --train photos --out r4 --alpha 2', says: /between 0 and 1; found 2/ },
  { line: 'finetune --method coop --train photos --out r4 --steps 3', says: /--steps is only for --method full, / },
  {
    line: 'finetune --method lora --train nofolder --out r5',
    says: /nofolder: there is no such file or folder; expected/,
  },
  {
    line: 'finetune --method lora --train photos --out a.jpg',
    says: /a\.jpg: this folder cannot be made: a file of this name is there; choose another place/,
  },
  {
    line: 'finetune --method lora --train photos --out a.jpg/run',
    says: /a\.jpg\/run: this folder cannot be made: .*choose another place/,
  },
  { line: 'train --data photos --model tiny.json', says: /--out is missing/ },
  { line: 'train --data photos --out t1', says: /--model is missing/ },
  { line: 'train --model tiny.json --out t1', says: /--data is missing: a folder, a table/ },
  { line: 'train photos --model tiny.json --out t1', says: /train takes flags only; found 'photos'/ },
  { line: 'train --data photos --model bad.json --out t1', says: /bad\.json is not JSON/ },
  { line: 'train --data photos --model empty.json --out t1', says: /empty\.json: vision_cfg: expected an object/ },
  { line: 'train --data photos --model nofile.json --out t1', says: /nofile\.json cannot be read/ },
  {
    line: 'train --data nofile.csv --model tiny.json --out t1',
    says: /nofile\.csv: there is no such file or folder; expected/,
  },
  {
    line: 'train --data nocol.csv --model tiny.json --out t1',
    says: /no column "image"; .*[Nn]ame the right column with --image-column/,
  },
  {
    line: 'train --data nocol.csv --model tiny.json --out t1 --image-column img --caption-column text',
    says: /no column "text"; .*--caption-column/,
  },
  { line: 'train --data header.csv --model tiny.json --out t1', says: /header\.csv: no row that could be used/ },
  {
    line: 'train --data missing.csv --model tiny.json --out t3 --batch 1',
    says: /do not fill a batch of 1; 1 .*nowhere\.jpg: cannot be read/,
  },
  {
    line: 'train --data photos --model tiny.json --out t2 --batch 1000',
    says: /2 samples do not fill a batch of 1000; choose a smaller --batch/,
  },
  {
    line: 'train --data photos --model tiny.json --out t2 --batch 2 --warmup 9',
    says: /--warmup is 9 steps, more than the 1 of the run/,
  },
  {
    line: 'train --data photos --model tiny.json --out t2 --objective clip',
    says: /--objective is one of contrastive, siglip, /,
  },
  {
    line: 'train --data photos --model tiny.json --out t2 --crop-scale 2',
    says: /--crop-scale takes two shares .*: 0\.5,1; found '2'/,
  },
  {
    line: 'train --data photos --model tiny.json --out full',
    says: /full is not empty; continue the run in it \(--resume\)/,
  },
  {
    line: 'train --data photos --model tiny.json --out a.jpg/run',
    says: /this folder cannot be made: .*choose another place/,
  },
  { line: 'figure2 --data photos', says: /--out is missing/ },
  {
    line: 'figure2 --data photos --out f --lrs fast',
    says: /--lrs takes learning rates between commas: 3e-4,1e-3; found 'fast'/,
  },
  { line: 'figure2 --data captions --out f', says: /give labelled images as --val/ },
  {
    line: 'figure2 --data photos --out f --images 9',
    says: /9 images do not fill one batch of 128; choose more --images, or a smaller --batch/,
  },
  { line: 'figure2 --data photos --batch 1 --out a.jpg/f', says: /this folder cannot be made: .*choose another place/ },
  { line: 'tokenize', says: /no text was given: words, or --file F/ },
  { line: 'tokenize --file nofile.txt', says: /nofile\.txt cannot be read: no such file or folder/ },
  {
    line: 'tokenize "LONG"',
    says: /^typeclip: "word word .*…": 88 tokens with start and end, and CLIP reads 77; shorten it, or cut it with --truncate\n$/,
  },
  {
    line: 'similarity a.jpg --text "LONG"',
    says: /88 tokens, and the model reads \d+: shorten it, or use --truncate or --chunk/,
  },
  { line: 'classify a.jpg --labels "LONG"', says: /cut it with --truncate, or split it with --chunk/ },
  { line: 'preprocess a.jpg', says: /--out is missing: a file X\.npy/ },
  { line: 'preprocess a.jpg --out x.png', says: /the name has to end in \.npy/ },
  { line: 'preprocess a.jpg --out x.npy --size big', says: /--size takes a whole number from 1 on/ },
  { line: 'inspect', says: /nothing to inspect: give an image, a text, or both/ },
  { line: 'inspect a.jpg photos/cat/x.jpg --text cat', says: /inspect takes one image; found 2/ },
  { line: 'inspect photos --text cat', says: /photos holds 2 images; inspect takes one image/ },
  { line: 'inspect a.jpg --html nodir/x.html', says: /there is no folder nodir; make it first/ },
  { line: 'inspect a.jpg --html -', says: /- is standard output, .*give the name of a file/ },
  { line: 'inspect a.jpg --explain', says: /give both: photo\.jpg --text "a cat" --explain/ },
  { line: 'inspect a.jpg --out why.png', says: /--out is for --explain; give that too/ },
  { line: 'inspect a.jpg --json --html x.html', says: /two forms of the same; give one/ },
  {
    line: 'inspect a.jpg --text cat --explain --start-layer first',
    says: /--start-layer is the number of a block, or two: 3,1/,
  },
  { line: 'inspect text.png --text cat', says: /text\.png: this is text, not an image/, code: 1 },
  { line: 'convert', says: /convert takes two words, SOURCE and TARGET; found 0/ },
  { line: 'convert nofile.pt out', says: /--to is missing: openai, open_clip or hf/ },
  { line: 'convert nofile.pt out --to hf', says: /'nofile\.pt' is no file or folder here/ },
  { line: 'convert a.jpg out --to hf', says: /neither safetensors nor a PyTorch checkpoint/ },
  { line: 'convert a.jpg out --to clip', says: /--to is one of openai, open_clip, hf; found 'clip'/ },
  { line: 'convert photos out --to hf', says: /no weights in this folder; expected one of/ },
  { line: 'convert a.jpg out --to hf --unmerge', says: /give it with --adapter/ },
  { line: 'doctor --device gpu', says: /--device is one of cpu, webgpu, cuda, coreml, dml; found 'gpu'/ },
  { line: 'doctor please', says: /doctor takes no words; found 'please'/ },
  { line: 'models --jsn', says: /no flag --jsn; did you mean --json\?/ },
  { line: 'models ViT-B/32', says: /models takes no words; found 'ViT-B\/32'/ },
]

const picture = fileURLToPath(new URL('../../examples/pictures/hat.jpg', import.meta.url))
const home = process.cwd()
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'typeclip-mistakes-'))
  process.chdir(folder)
  for (const name of ['a.jpg', 'photos/cat/x.jpg', 'photos/dog/y.jpg', 'other/q/z.jpg', 'flat/a.jpg', 'full/a.jpg']) {
    await mkdir(join(name, '..'), { recursive: true })
    await cp(picture, name)
  }
  await mkdir('empty')
  await mkdir('captions')
  await cp(picture, 'captions/a.jpg')
  const files = {
    'text.png': 'not an image',
    'none.png': '',
    'page.jpg': '<!doctype html><title>404</title>',
    'bad.pt': Buffer.from('4e9dddd69029a0c7', 'hex'),
    'bad.json': '{"a": ',
    'empty.json': '{}',
    'list.json': '["a"]',
    'blank.txt': '\n\n',
    'labels.txt': 'cat\ndog\n',
    'latin1.txt': Buffer.from('caf\xe9\n', 'latin1'),
    'nocol.csv': 'img,txt\na.jpg,a cat\n',
    'header.csv': 'image,caption\n',
    'missing.csv': 'image,caption\nnowhere.jpg,a cat\n',
    'captions/a.txt': 'a hat\n',
    'tiny.json': JSON.stringify(tiny),
  }
  for (const [name, content] of Object.entries(files)) await writeFile(name, content)
})

// Where the system has a folder that takes nothing: Node's own recursive mkdir would not return.
const places = existsSync('/proc/self')
  ? [
      'embed a.jpg --out /proc/x.npy',
      'inspect a.jpg --html /proc/x.html',
      ...[
        'finetune --method lora --train photos',
        'train --data photos --model tiny.json --batch 2',
        'figure2 --data photos --batch 1',
      ].map((line) => `${line} --out /proc/run`),
    ]
  : []
it.each(places)('typeclip %s', async (line) => {
  const { code, stderr } = await captured(wordsOf(line))
  expect(stderr).toMatch(/^typeclip: \/proc\/\S+ .*; choose another place/)
  expect(code).toBe(2)
})

afterAll(async () => {
  process.chdir(home)
  await rm(folder, { recursive: true, force: true })
})

const tiny = {
  embed_dim: 16,
  vision_cfg: { image_size: 32, layers: 1, width: 64, head_width: 64, patch_size: 16 },
  text_cfg: { context_length: 16, vocab_size: 49408, width: 32, heads: 2, layers: 1 },
}

const long = Array(86).fill('word').join(' ')

/** Words between spaces; in double quotes a word may hold spaces. */
const wordsOf = (line: string): string[] =>
  Array.from(line.matchAll(/(?:[^\s"]|"[^"]*")+/g), ([word]) => word.replaceAll('"', '').replace('LONG', long))

it.each(mistakes)('typeclip $line', async ({ line, says, code = 2, stdin }) => {
  const began = performance.now()
  const found = await captured(wordsOf(line), stdin)
  const seconds = (performance.now() - began) / 1000
  expect(found.stderr).toMatch(says)
  expect(found.code).toBe(code)
  expect(found.stderr).not.toMatch(/internal error|^ {4}at /m)
  expect(found.stderr).not.toMatch(/`[a-z][A-Za-z]*`/) // an option that should have been a flag
  expect(seconds).toBeLessThan(10)
})
