import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, it } from 'vitest'
import { captured, jsonLines } from '../../../test/cli/captured.ts'
import { cliFile } from '../shell/installation.ts'

const picture = cliFile('golden', 'clouds.jpg')
const drawing = cliFile('golden', 'shapes.png')
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'typeclip-'))
})

/** Version 1.0, as this command writes it. */
async function readNpy(file: string): Promise<{ header: string; data: Float32Array }> {
  const bytes = await readFile(file)
  expect(bytes.subarray(0, 8).toString('latin1')).toBe('\x93NUMPY\x01\0')
  const start = 10 + bytes.readUInt16LE(8)
  expect(start % 64).toBe(0)
  return { header: bytes.toString('latin1', 10, start).trim(), data: new Float32Array(bytes.buffer.slice(start)) }
}

it('prints help', async () => {
  expect((await captured(['embed', '--help'])).stdout).toMatchInlineSnapshot(`
    "typeclip embed: write embeddings of images and texts to a file

    Usage: typeclip embed [IMAGE…] [--text S]… [--text-file F] --out X.npy | X.safetensors | X.jsonl [flags]

    Writes one float32 row per input, in the order given: images, then --text, then the lines of --text-file. An input
    that fails has no row. .safetensors holds the tensor \`embeddings\`; .jsonl has {"path" | "text", "embedding"}.
    Beside X.npy and X.safetensors, X.rows.jsonl names the input of each row.
    IMAGE is a file, a folder (with its subfolders), a glob, an http(s) address, or - for the bytes of one image on
    standard input.

    Flags:
      --text S…                            a text; repeat the flag for more
      --text-file F                        texts, one per line (blank lines count); - for standard input
      --out X                              file to write; it is replaced only when the new one is complete
      --normalize                          divide each embedding by its length; CLIP does not do it by itself
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
      typeclip embed photos --out photos.npy --normalize
      typeclip embed --text "a cat" --text "a dog" --out words.jsonl
      typeclip embed --text-file captions.txt --out captions.safetensors --model ViT-B/32
    "
  `)
})

it('writes rows in the order given, images first, and which row is what', async () => {
  const broken = join(folder, 'broken.png')
  await writeFile(broken, '')
  await writeFile(join(folder, 'texts.txt'), 'two\r\n\r\nthree')
  const out = join(folder, 'x.npy')
  const argv = [
    'embed',
    drawing,
    broken,
    picture,
    '--text',
    'one',
    '--text-file',
    join(folder, 'texts.txt'),
    '--out',
    out,
  ]
  const { code, stdout, stderr } = await captured(argv)
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toContain(`${broken}: the file is empty`)
  expect(jsonLines(await readFile(join(folder, 'x.rows.jsonl'), 'utf8'))).toEqual([
    { row: 0, path: drawing },
    { row: 1, path: picture },
    { row: 2, text: 'one' },
    { row: 3, text: 'two' },
    { row: 4, text: '' },
    { row: 5, text: 'three' },
  ])
  const { header, data } = await readNpy(out)
  const width = data.length / 6
  expect(header).toBe(`{'descr': '<f4', 'fortran_order': False, 'shape': (6, ${width}), }`)
  expect(Math.abs(1 - Math.hypot(...data.subarray(0, width)))).toBeGreaterThan(1e-3)
})

it('writes the same numbers in every format, and unit vectors when asked', async () => {
  const rows = async (name: string, ...flags: string[]) => {
    const { code } = await captured(['embed', picture, '--text', 'a', '--out', join(folder, name), ...flags])
    expect(code).toBe(0)
    return join(folder, name)
  }
  const { data } = await readNpy(await rows('x.npy'))
  const [image, text] = jsonLines(await readFile(await rows('x.jsonl'), 'utf8'))
  expect(image.path).toBe(picture)
  expect(text.text).toBe('a')
  expect(Float32Array.from([...image.embedding, ...text.embedding])).toEqual(data)

  const bytes = await readFile(await rows('x.safetensors'))
  const start = 8 + Number(bytes.readBigUInt64LE(0))
  const { embeddings } = JSON.parse(bytes.toString('utf8', 8, start))
  expect(embeddings).toEqual({ dtype: 'F32', shape: [2, data.length / 2], data_offsets: [0, data.byteLength] })
  expect(new Float32Array(bytes.buffer.slice(start))).toEqual(data)

  const unit = await readNpy(await rows('unit.npy', '--normalize'))
  expect(Math.hypot(...unit.data.subarray(0, data.length / 2))).toBeCloseTo(1, 6)
})

it('names a text that is too long and leaves it out, unless told to cut it or to take it in pieces', async () => {
  const long = 'red shirt '.repeat(50)
  const out = join(folder, 'x.jsonl')
  const refused = await captured(['embed', '--text', long, '--text', 'short', '--out', out])
  expect(refused.code).toBe(1)
  expect(refused.stderr).toMatch(
    /"red shirt .*…": 102 tokens, and the model reads \d+: shorten it, or use --truncate or --chunk/,
  )
  expect(jsonLines(await readFile(out, 'utf8')).map(({ text }) => text)).toEqual(['short'])

  const embeddings = await Promise.all(
    ['--truncate', '--chunk'].map(async (flag) => {
      const file = join(folder, `x${flag}.jsonl`)
      expect((await captured(['embed', '--text', long, flag, '--out', file])).code).toBe(0)
      return jsonLines(await readFile(file, 'utf8'))[0].embedding
    }),
  )
  expect(embeddings[0]).not.toEqual(embeddings[1])
})

it('leaves an earlier file as it is, and nothing half-written, when nothing could be done', async () => {
  const out = join(folder, 'x.npy')
  await writeFile(out, 'earlier')
  expect((await captured(['embed', 'nowhere.png', '--out', out])).code).toBe(2)
  expect(await readFile(out, 'utf8')).toBe('earlier')
  expect(await readdir(folder)).toEqual(['x.npy'])
})

it.each([
  ['x.npy', '3 × 128 float32'],
  ['x.safetensors', '3 × 128 float32'],
  ['x.jsonl', '3 lines of 128 numbers'],
])('says what it wrote to %s', async (name, what) => {
  const out = join(await mkdtemp(join(tmpdir(), 'typeclip-')), name)
  const { code, stderr } = await captured(['embed', '--text', 'a', '--text', 'b', '--text', 'c', '--out', out])
  expect({ code, stderr }).toEqual({ code: 0, stderr: `typeclip: wrote ${out}: ${what}\n` })
})
