import { createHash } from 'node:crypto'
import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { captured } from '../../../test/cli/captured.ts'
import { cliFile } from '../shell/installation.ts'

const picture = cliFile('golden', 'clouds.jpg')
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'typeclip-'))
})

async function written(...flags: string[]): Promise<{ header: string; bytes: Buffer }> {
  const out = join(folder, 'x.npy')
  const { code, stderr } = await captured(['preprocess', picture, ...flags, '--out', out])
  expect(code).toBe(0)
  expect(stderr).toMatch(/^typeclip: wrote .*x\.npy: 1 × 3 × \d+ × \d+ (uint8|float32)\n$/)
  const file = await readFile(out)
  return { header: file.toString('latin1', 10, 128).trim(), bytes: file.subarray(128) }
}

it('prints help', async () => {
  expect((await captured(['preprocess', '--help'])).stdout).toMatchInlineSnapshot(`
    "typeclip preprocess: write the pixels that a model reads

    Usage: typeclip preprocess IMAGE… --out X.npy [flags]

    Writes float32 [n, 3, N, N], normalised; with --raw, uint8 before normalising. An image that fails has no row;
    X.rows.jsonl names the image of each row.
    IMAGE is a file, a folder (with its subfolders), a glob, an http(s) address, or - for the bytes of one image on
    standard input.

    Flags:
      --out X                           file to write; it is replaced only when the new one is complete
      --size N                          side of the square in pixels. Default: 224
      --mode shortest|longest|squash    crop to a square (shortest), pad to one (longest), or squash. Default: shortest
      --interpolation bicubic|bilinear  how to resize. Default: bicubic
      --raw                             bytes, before normalising
      --order openai|hf                 openai (resize, then RGB) or hf (RGB, then resize). Default: the checkpoint's
      --max-pixels N                    refuse images with more pixels. Default: 178,956,970, as Pillow
      --exif-rotate                     rotate photos by their EXIF orientation, which the reference ignores
      --max-bytes N                     refuse images at addresses with more bytes. Default: 268,435,456
      -q, --quiet                       no notices and no progress; errors are always shown
      -h, --help                        show this text

    Examples:
      typeclip preprocess photos --out photos.npy
      typeclip preprocess a.png --order hf --size 336 --raw --out a.npy
    "
  `)
})

it("writes the reference's own bytes", async () => {
  const golden = JSON.parse(await readFile(cliFile('golden', 'golden.json'), 'utf8'))
  const { header, bytes } = await written('--raw')
  expect(header).toBe("{'descr': '|u1', 'fortran_order': False, 'shape': (1, 3, 224, 224), }")
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(golden.pixels[0].sha256)
})

it('normalises them, at the size and in the way asked for', async () => {
  const { header, bytes } = await written(
    '--size',
    '32',
    '--order',
    'hf',
    '--mode',
    'squash',
    '--interpolation',
    'bilinear',
  )
  expect(header).toBe("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3, 32, 32), }")
  expect(bytes.length).toBe(4 * 3 * 32 * 32)
})
