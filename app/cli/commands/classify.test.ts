import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { captured, jsonLines } from '../../../test/cli/captured.ts'
import { cliFile } from '../shell/installation.ts'

const picture = cliFile('golden', 'clouds.jpg')
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'typeclip-'))
  await mkdir(join(folder, 'b', 'deep'), { recursive: true })
  await copyFile(picture, join(folder, 'b', 'one.JPG'))
  await copyFile(cliFile('golden', 'shapes.png'), join(folder, 'b', 'deep', 'two.png'))
  await copyFile(cliFile('golden', 'stripes.png'), join(folder, 'a[1].png'))
  await writeFile(join(folder, 'broken.jpg'), 'not a picture')
  await writeFile(join(folder, 'notes.txt'), 'not an image, and not looked at')
})

it('prints help', async () => {
  const { code, stdout } = await captured(['classify', '--help'])
  expect(code).toBe(0)
  expect(stdout).toMatchInlineSnapshot(`
    "typeclip classify: find which of your labels fits each image

    Usage: typeclip classify IMAGE… --labels "cat,dog" | --labels-file F [flags]

    IMAGE is a file, a folder (with its subfolders), a glob, an http(s) address, or - for the bytes of one image on
    standard input.
    Scores are a softmax over all labels, with the model’s own logit scale. More than ten images get one line each:
    path, best label, score; with --top 2 or more they get a block each. --json writes one object per line.
    --labels imagenet means ImageNet’s 1,000 class names. --template imagenet means the 80 templates of the paper’s
    ensemble, and imagenet-simple seven of them, nearly as good. A model folder with a trained classifier predicts with
    that: labels then select some of its classes, and templates do not apply.

    Flags:
      --labels L,L                         labels, separated by commas
      --labels-file F                      labels, one per line, blank lines ignored; - for standard input
      --template T…                        prompt with {} for the label. Default: "a photo of a {}."
      --top K                              show only the K best labels. Default: 5; with --json all
      --json                               one line per image: {"path", "labels": [{"label", "score"}…]}, best first
      --calibration F                      file of evaluate calibrate; adds "answer", which may be "none of these"
      --truncate                           cut texts that are too long for the model; without it they are errors
      --chunk                              split long texts, embed the parts and average them
      --order openai|hf                    openai (resize, then RGB) or hf (RGB, then resize). Default: the checkpoint's
      --max-pixels N                       refuse images with more pixels. Default: 178,956,970, as Pillow
      --exif-rotate                        rotate photos by their EXIF orientation, which the reference ignores
      --max-bytes N                        refuse images at addresses with more bytes. Default: 268,435,456
      --model M                            name (typeclip models), hub id, folder or file. Default: the small model that ships
      --activation quickgelu|gelu          activation of a checkpoint that does not name its own
      --device cpu|webgpu|cuda|coreml|dml  cpu, webgpu, cuda, coreml or dml. Default: cpu
      --threads N                          threads to compute with. Default: one for each core
      -q, --quiet                          no notices and no progress; errors are always shown
      -h, --help                           show this text

    Examples:
      typeclip classify photo.jpg --labels "a cat,a dog"
      typeclip classify photos --labels-file labels.txt --template imagenet --json > labels.jsonl
      typeclip classify "photos/**/*.png" --labels imagenet --model openai/clip-vit-base-patch32
    "
  `)
})

it('writes one JSON line an image, best first, with scores that sum to 1', async () => {
  const { code, stdout, stderr } = await captured(['classify', picture, '--labels', 'cat, dog,a red shirt', '--json'])
  const [{ path, labels }, ...rest] = jsonLines(stdout)
  const scores: number[] = labels.map(({ score }: { score: number }) => score)
  expect(code).toBe(0)
  expect(rest).toEqual([])
  expect(path).toBe(picture)
  expect(labels.map(({ label }: { label: string }) => label).sort()).toEqual(['a red shirt', 'cat', 'dog'])
  expect(scores).toEqual([...scores].sort((a, b) => b - a))
  expect(scores.reduce((a, b) => a + b)).toBeCloseTo(1, 12)
  expect(stderr).toBe('')
})

it('keeps the scores a softmax over all labels when only the best are asked for', async () => {
  const all = jsonLines((await captured(['classify', picture, '--labels', 'cat,dog,fish', '--json'])).stdout)
  const top = jsonLines(
    (await captured(['classify', picture, '--labels', 'cat,dog,fish', '--json', '--top', '1'])).stdout,
  )
  expect(top[0].labels).toEqual(all[0].labels.slice(0, 1))
})

it('reads labels from a file with CRLF and a byte-order mark, and from standard input', async () => {
  const file = join(folder, 'labels.txt')
  await writeFile(file, '\ufeffcat\r\n\r\ndog\r\n')
  const fromFile = await captured(['classify', picture, '--labels-file', file, '--json'])
  const fromInput = await captured(['classify', picture, '--labels-file', '-', '--json'], 'cat\ndog')
  const fromFlag = await captured(['classify', picture, '--labels', 'cat,dog', '--json'])
  expect(fromFile.stdout).toBe(fromFlag.stdout)
  expect(fromInput.stdout).toBe(fromFlag.stdout)
})

it('takes templates, the lists of the paper among them', async () => {
  const scores = async (...flags: string[]) =>
    (await captured(['classify', picture, '--labels', 'cat,dog', '--json', ...flags])).stdout
  expect(await scores('--template', 'a photo of a {}.')).toBe(await scores())
  expect(await scores('--template', 'imagenet-simple')).not.toBe(await scores())
  const wrong = await captured(['classify', picture, '--labels', 'cat,dog', '--template', 'no place'])
  expect(wrong.code).toBe(2)
  expect(wrong.stderr).toContain('template "no place" has no {} for the label')
})

it('draws a table', async () => {
  const { stdout } = await captured(['classify', picture, '--labels', 'cat,long label'])
  const [path, ...rows] = stdout.trimEnd().split('\n')
  expect(path).toBe(picture)
  for (const row of rows) expect(row).toMatch(/^ {2}(cat {7}|long label) {2,3}\d+\.\d %( {2}█+)?$/)
})

describe('images', () => {
  const paths = async (...words: string[]) => {
    const { code, stdout, stderr } = await captured(['classify', ...words, '--labels', 'cat,dog', '--json'])
    return { code, paths: jsonLines(stdout).map(({ path }) => path), stderr }
  }

  it('of a folder are all in it and below, sorted, as found', async () => {
    const found = await paths(join(folder, 'b'))
    expect(found).toMatchObject({
      code: 0,
      paths: [join(folder, 'b', 'deep', 'two.png'), join(folder, 'b', 'one.JPG')],
    })
  })

  it('of a glob are the files that match', async () => {
    const found = await paths(join(folder, '**', '*.png'))
    expect(found).toMatchObject({ code: 0, paths: [join(folder, 'a[1].png'), join(folder, 'b', 'deep', 'two.png')] })
  })

  it('of a glob may be alternatives across folders', async () => {
    const found = await paths(join(folder, '{b/deep,b}', '*.{png,JPG}'))
    expect(found.paths).toEqual([join(folder, 'b', 'deep', 'two.png'), join(folder, 'b', 'one.JPG')])
  })

  it('whose names look like a pattern are found by their names first', async () => {
    expect(await paths(join(folder, 'a[1].png'))).toMatchObject({ code: 0, paths: [join(folder, 'a[1].png')] })
  })

  it('that are broken or missing are named, and the rest is done: exit code 1', async () => {
    const broken = join(folder, 'broken.jpg')
    const found = await paths(broken, picture, 'nowhere.png', join(folder, '*.webp'))
    expect(found).toMatchObject({ code: 1, paths: [picture] })
    expect(found.stderr).toContain(`${broken}: this is text`)
    expect(found.stderr).toContain('nowhere.png: no such file or folder')
    expect(found.stderr).toContain('*.webp: no file matches')
    expect(found.stderr).toContain('3 of 4 inputs failed')
  })

  it('that are all broken leave nothing done: exit code 2', async () => {
    expect(await paths(join(folder, 'broken.jpg'))).toMatchObject({ code: 2, paths: [] })
    expect(await paths('nowhere.png')).toMatchObject({ code: 2, paths: [] })
  })

  it('may come on standard input', async () => {
    const argv = ['classify', '-', '--labels', 'cat,dog', '--json']
    const [fromInput] = jsonLines((await captured(argv, await readFile(picture))).stdout)
    const [fromFile] = jsonLines((await captured(['classify', picture, ...argv.slice(2)])).stdout)
    expect(fromInput).toEqual({ ...fromFile, path: '-' })
    expect(await captured(argv)).toMatchObject({ code: 2, stderr: expect.stringContaining('standard input is empty') })
  })
})

describe('text for people', () => {
  let folder: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'typeclip-'))
    for (let i = 0; i < 11; i++) await copyFile(picture, join(folder, `${String(i).padStart(2, '0')}.jpg`))
  })

  const classify = async (...more: string[]) => {
    const { code, stdout } = await captured(['classify', folder, '--labels', 'a shirt,a cat,a dog', ...more])
    expect(code).toBe(0)
    return stdout.trimEnd().split('\n')
  }

  it('is one line for each of more than ten images: path, best label, share', async () => {
    for (const lines of [await classify(), await classify('--top', '1')]) {
      expect(lines).toHaveLength(11)
      for (const [i, line] of lines.entries()) {
        expect(line).toMatch(new RegExp(`^\\S+${String(i).padStart(2, '0')}\\.jpg {2}a (shirt|cat|dog) +[\\d.]+ %$`))
      }
    }
  })

  it('is a block for each with --top 2, as with ten images or fewer', async () => {
    expect(await classify('--top', '2')).toHaveLength(11 * 3)
    await rm(join(folder, '00.jpg'))
    expect(await classify()).toHaveLength(10 * 4)
  })

  it.skipIf(process.platform === 'win32')('keeps a path with a line break on one line', async () => {
    await copyFile(picture, join(folder, 'a\nb.jpg'))
    expect((await classify()).filter((line) => line.includes('a\\nb.jpg'))).toHaveLength(1)
    expect(await classify()).toHaveLength(11)
  })
})
