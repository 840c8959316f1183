import { expect, it } from 'vitest'
import { captured, jsonLines } from '../captured.ts'
import { cliFile } from '../installation.ts'

const pictures = [cliFile('golden', 'clouds.jpg'), cliFile('golden', 'shapes.png')] as const

it('prints help', async () => {
  expect((await captured(['similarity', '--help'])).stdout).toMatchInlineSnapshot(`
    "typeclip similarity: compare images with texts

    Usage: typeclip similarity IMAGE… --text S… [flags]

    Every word after --text up to the next flag is a text; --text may also be given again. Cosines are between
    -1 and 1; for a real CLIP, 0.3 is already near. --json adds the logits: cosines times the model’s scale.
    IMAGE is a file, a folder (every image in it and below), a glob, an http(s) address, or - for the bytes of
    one image on standard input.

    Flags:
      --text S…                    texts to compare with
      --json                       one line an image: {"path", "texts": [{"text", "cosine", "logit"}…]}, in the order given
      --truncate                   cut texts that are too long for the model; else they are an error
      --chunk                      embed long texts in pieces and take the mean
      --order openai|hf            resize, then RGB; or RGB first. Else as the model's publisher does
      --max-pixels N               refuse larger pictures
      --exif-rotate                turn photos upright by their EXIF entry; the reference does not
      --max-bytes N                refuse images at addresses of more bytes; else 268435456
      --model M                    a name (typeclip models), a hub id, a folder or a file; else the one that ships
      --activation quickgelu|gelu  where the checkpoint does not say
      --device D                   cpu (default), webgpu, cuda, coreml or dml
      --threads N                  threads to compute with; else one for each core
      -q, --quiet                  no notices and no progress; errors are always shown
      -h, --help                   show this text

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

it('draws a matrix', async () => {
  const { stdout } = await captured([
    'similarity',
    ...pictures,
    '--text',
    'a cat',
    'a text that is rather long for a heading',
  ])
  const [heading, ...rows] = stdout.trimEnd().split('\n')
  expect(heading).toMatch(/^ +a cat {2}a text that is rather l…$/)
  expect(rows).toHaveLength(2)
  for (const row of rows) expect(row).toMatch(/ -?\d\.\d{4} +-?\d\.\d{4}$/)
})
