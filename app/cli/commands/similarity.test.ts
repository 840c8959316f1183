import { expect, it } from 'vitest'
import { captured, jsonLines } from '../../../test/cli/captured.ts'
import { cliFile } from '../shell/installation.ts'

const pictures = [cliFile('golden', 'clouds.jpg'), cliFile('golden', 'shapes.png')] as const

it('prints help', async () => {
  expect((await captured(['similarity', '--help'])).stdout).toMatchInlineSnapshot(`
    "typeclip similarity: compare images with texts

    Usage: typeclip similarity IMAGE… --text S… [flags]

    Every word after --text, up to the next flag, is a text; --text may be repeated. One image: a line per text, the
    best first. Several images: a line per image, sorted by the first text. Cosines are between -1 and 1; with a large
    CLIP 0.3 is already high. --json keeps the order given, and adds the logits: cosine times logit scale.
    IMAGE is a file, a folder (with its subfolders), a glob, an http(s) address, or - for the bytes of one image on
    standard input.

    Flags:
      --text S…                            texts to compare with
      --json                               one line per image: {"path", "texts": [{"text", "cosine", "logit"}…]}
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
      typeclip similarity photo.jpg --text "a cat" "a dog"
      typeclip similarity photos --text "a sunset over the sea" --json
    "
  `)
})

it('takes several texts after one flag or a flag for each, in the order given', async () => {
  const one = await captured(['similarity', ...pictures, '--text', 'a cat', 'a dog', '--json'])
  const two = await captured(['similarity', '--text', 'a cat', '--text', 'a dog', '--json', ...pictures])
  expect(one.code).toBe(0)
  expect(two.stdout).toBe(one.stdout)
  const lines = jsonLines(one.stdout)
  expect(lines.map(({ path }) => path)).toEqual(pictures)
  for (const { texts } of lines) {
    expect(texts.map(({ text }: { text: string }) => text)).toEqual(['a cat', 'a dog'])
    for (const { cosine, logit } of texts) {
      expect(Math.abs(cosine)).toBeLessThan(1)
      expect(logit / cosine).toBeGreaterThan(1)
    }
  }
})

it('draws a matrix, sorted by the first text', async () => {
  const { stdout } = await captured([
    'similarity',
    ...pictures,
    '--text',
    'a cat',
    'a text that is rather long for a heading',
  ])
  const [heading, ...rows] = stdout.trimEnd().split('\n')
  expect(heading).toMatch(/^image +a cat {2}a text that is rather l…$/)
  expect(rows).toHaveLength(2)
  for (const row of rows) expect(row).toMatch(/ -?\d\.\d{4} +-?\d\.\d{4}$/)
  const first = rows.map((row) => Number(row.trim().split(/ +/).at(-2)))
  expect(first).toEqual([...first].sort((a, b) => b - a))
})

it('lists the texts of one image, the best first', async () => {
  const texts = ['a cat', 'a hat', 'a truck', 'a leaf']
  const { stdout } = await captured(['similarity', pictures[0]!, '--text', ...texts])
  const [heading, ...rows] = stdout.trimEnd().split('\n')
  const cosines = rows.map((row) => Number(row.trim().split(/ +/).at(-1)))
  expect(heading).toMatch(/ cosine$/)
  expect(rows.map((row) => row.replace(/ +-?[\d.]+$/, '')).sort()).toEqual([...texts].sort())
  expect(cosines).toEqual([...cosines].sort((a, b) => b - a))
})
