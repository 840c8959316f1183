import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { captured } from '../../../test/cli/captured.ts'
import { randomModel } from '../../../test/random-model.ts'
import { cliFile } from '../shell/installation.ts'

const picture = cliFile('golden', 'clouds.jpg')
const vit = await randomModel()
const resnet = cliFile('..', 'fixtures', 'parity', 'open_clip-resnet')

it('prints help', async () => {
  expect((await captured(['inspect', '--help'])).stdout).toMatchInlineSnapshot(`
    "typeclip inspect: show both encoders step by step

    Usage: typeclip inspect [IMAGE] [--text S]… [--explain] [--json | --html FILE] [flags]

    Shows every named stage of the encoders with its shape and statistics, the tokens with their ids, the causal mask,
    the position where the text is read, and the attention of each block; with an image and texts, their similarity.
    --html writes one page with images, in English and Chinese, that needs no other file. IMAGE is a file, an http(s)
    address, or - for the bytes of one image on standard input. --explain adds why they match: which parts of the image
    and which words each similarity comes from (gradient × attention relevance, Chefer et al. 2021); the terminal then
    shows only that.
    --model may be a config.json of open_clip or Hugging Face without weights: it is shown with random ones.

    Flags:
      --text S…                            a text; repeat the flag for more
      --html FILE                          page to write; an existing file is replaced
      --json                               one object: model, image, texts, similarity, relevance
      --explain                            show which parts of the image and which words matter to the match
      --start-layer N[,M]                  first block to follow, from 0; M for the texts. Default: the last
      --out FILE                           write the explanation as a PNG: the image, then one map per text
      --graph image|text                   print that encoder's graph, one line per node, and nothing else
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
      typeclip inspect photo.jpg --text "a cat" --text "a dog" --html clip.html
      typeclip inspect photo.jpg --text "a cat" --explain --out why.png
      typeclip inspect --text "hello world!"
      typeclip inspect --graph text --model openai/clip-vit-base-patch32
    "
  `)
})

it.each([
  [[], 'nothing to inspect'],
  [['a.jpg', 'b.jpg'], 'inspect takes one image; found 2'],
  [['--text', 'a', '--json', '--html', 'a.html'], 'two forms of the same'],
  [['--graph', 'both'], "--graph is one of image, text; found 'both'"],
  [['--text', 'a', '--html', 'nowhere/a.html'], 'there is no folder nowhere'],
  [['--text', 'a', '--explain'], '--explain says why an image and a text match; give both'],
  [['a.jpg', '--explain'], '--explain says why an image and a text match; give both'],
  [['a.jpg', '--text', 'a', '--out', 'a.png'], '--out is for --explain'],
  [['a.jpg', '--text', 'a', '--start-layer', '0'], '--start-layer is for --explain'],
  [['a.jpg', '--text', 'a', '--explain', '--start-layer', 'first'], "found 'first'"],
  [['a.jpg', '--text', 'a', '--explain', '--out', 'a', '--html', 'a'], 'give two files'],
  [
    [picture, '--text', 'a', '--explain', '--start-layer', '1,9', '--model', vit],
    'block 9 of the text encoder; --start-layer is 0 to 2',
  ],
])('inspect %j is wrong use', async (argv, message) => {
  const { code, stdout, stderr } = await captured(['inspect', ...argv])
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toContain(message)
})

it('walks both encoders as text', async () => {
  const { code, stdout } = await captured(['inspect', picture, '--text', 'two red shoes'])
  expect(code).toBe(0)
  expect(stdout).toMatch(/^ {2}visual\.conv1 +\[1, \d+, \d+, \d+\]( +-?[\d.e-]+){5}$/m)
  expect(stdout).toMatch(/^ {2}1 +1237 +two<\/w> +0 0 · · ·$/m)
  expect(stdout).toMatch(/49407 +<\|endoftext\|> +0 0 0 0 0 +← read here/)
  expect(stdout).toMatch(/^ {2}two red shoes +-?\d\.\d{4} +-?\d+\.\d{3}$/m)
})

it('gives the same numbers as JSON, with null for −∞', async () => {
  const { stdout } = await captured([
    'inspect',
    picture,
    '--text',
    'a cat',
    '--text',
    'two dogs',
    '--json',
    '--model',
    vit,
  ])
  const { image, texts, similarity, config } = JSON.parse(stdout)
  expect(image.embedding).toHaveLength(config.embedDim)
  expect(image.attention).toHaveLength(config.image.layers)
  expect(texts.map(({ tokens }: { tokens: { text: string }[] }) => tokens.map(({ text }) => text))).toEqual([
    ['<|startoftext|>', 'a', 'cat', '<|endoftext|>'],
    ['<|startoftext|>', 'two', 'dogs', '<|endoftext|>'],
  ])
  expect(texts[0].mask[1]).toEqual([0, 0, null, null])
  expect(similarity.probabilities[0] + similarity.probabilities[1]).toBeCloseTo(1, 6)
  const command = await captured(['similarity', picture, '--text', 'a cat', 'two dogs', '--json', '--model', vit])
  for (const [i, { cosine }] of JSON.parse(command.stdout).texts.entries()) {
    expect(similarity.cosines[i]).toBeCloseTo(cosine, 5)
  }
})

it('shows what it can where an input fails, and says which did', async () => {
  const { code, stdout, stderr } = await captured([
    'inspect',
    'nowhere.jpg',
    '--text',
    'a cat',
    '--text',
    'x '.repeat(99),
  ])
  expect({ code, stderr }).toMatchObject({ code: 1 })
  expect(stdout).toContain('TEXT  "a cat"')
  expect(stderr).toContain('nowhere.jpg: no such file or folder')
  expect(stderr).toContain('has 101 tokens')
  expect(stderr).toContain('2 of 3 inputs failed')
  expect(await captured(['inspect', 'nowhere.jpg'])).toMatchObject({ code: 2, stdout: '' })
})

it('reads a picture from standard input', async () => {
  const { code, stdout } = await captured(['inspect', '-', '--model', vit], await readFile(picture))
  expect(code).toBe(0)
  expect(stdout).toContain('visual.proj')
})

it('prints the graph of one encoder', async () => {
  const { code, stdout } = await captured(['inspect', '--graph', 'text'])
  expect(code).toBe(0)
  expect(stdout).toMatch(/^ids: int32 \[batch, length\]$/m)
  expect(stdout).toMatch(/^# transformer\.resblocks\.0\.attn$/m)
  expect(stdout).not.toContain('visual')
})

describe('why did it match', () => {
  it('is drawn over the picture and over the words', async () => {
    const argv = ['inspect', picture, '--text', 'white clouds', '--text', '', '--explain', '--model', vit]
    const { code, stdout } = await captured(argv)
    expect(code).toBe(0)
    expect(stdout).toMatch(/^ {2}white clouds +-?\d\.\d{4} +-?\d+\.\d{3} +\d+\.\d %$/m)
    expect(stdout.match(/^ {4}│.{16}│$/gm)).toHaveLength(16)
    expect(stdout).toMatch(/^ {2}clouds +\d+\.\d %/m)
    expect(stdout.match(/█{24}/g)).toHaveLength(1)
    expect(stdout).toContain('(a text without words)')
    expect(stdout).not.toContain('visual.conv1')
  })

  it('gives the same numbers as JSON, from the block that is asked for', async () => {
    const from = async (...flags: string[]) => {
      const argv = ['inspect', picture, '--text', 'white clouds', '--json', '--explain', ...flags]
      return JSON.parse((await captured(argv)).stdout)
    }
    const { relevance, similarity, image } = await from()
    expect(relevance).toHaveLength(1)
    expect(relevance[0].cosine).toBeCloseTo(similarity.cosines[0], 6)
    expect([relevance[0].image.map.length, relevance[0].image.map[0].length]).toEqual(image.grid)
    const [white, clouds] = relevance[0].tokens
    expect([white.text, clouds.text]).toEqual(['white', 'clouds'])
    expect(relevance[0].words[1]).toEqual({ text: 'clouds', relevance: clouds.relevance })
    const last = image.attention.length - 1
    expect((await from('--start-layer', `${last},2`)).relevance).toEqual(relevance)
    expect((await from('--start-layer', '0')).relevance).not.toEqual(relevance)
  })

  it('is a PNG of the picture and one for each text, and a part of the page', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'typeclip-'))
    const [png, html] = [join(folder, 'why.png'), join(folder, 'why.html')]
    const argv = ['inspect', picture, '--text', 'clouds', '--text', 'a <b>cat</b>', '--explain']
    expect(await captured([...argv, '--out', png, '--html', html])).toMatchObject({ code: 0, stdout: '' })
    expect((await readdir(folder)).sort()).toEqual(['why.html', 'why.png'])
    const { width, height } = await sharp(png).metadata()
    expect(width).toEqual(3 * 384 + 2 * 8)
    expect(height).toBeGreaterThan(384 + 2 * 16) // below each map its text, and what is known of it
    const below = sharp(png).extract({ left: 392, top: 384, width: 384, height: height - 384 })
    expect((await below.greyscale().stats()).channels[0]!.min).toBeLessThan(128)
    const { data } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true })
    const panel = (i: number) =>
      Buffer.concat(
        Array.from({ length: 384 }, (_, y) => data.subarray(3 * (y * width + i * 392)).subarray(0, 3 * 384)),
      )
    expect(panel(1).equals(panel(0))).toBe(false)
    expect(panel(2).equals(panel(1))).toBe(false)
    const page = await readFile(html, 'utf8')
    for (const words of ['Why did it match?', '为什么匹配？']) expect(page.includes(words), words).toBe(true)
    expect(page.match(/class="word"/g)).toHaveLength(1 + 8)
    expect(page.includes('<b>cat</b>')).toBe(false)
    expect(page.match(/https?:/)).toBeNull()
    expect(unbalanced(page)).toEqual([])
  })

  it('leaves a file that is there as it is where there is nothing to explain', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'typeclip-'))
    const png = join(folder, 'why.png')
    await writeFile(png, 'before')
    const argv = ['inspect', picture, '--text', 'x '.repeat(99), '--explain', '--out', png]
    expect(await captured(argv)).toMatchObject({ code: 1, stdout: '' })
    expect(await readFile(png, 'utf8')).toBe('before')
    expect(await readdir(folder)).toEqual(['why.png'])
  })
})

describe('the page', () => {
  it('is one file that loads nothing, in both languages', async () => {
    const page = await pageOf([picture, '--text', 'a <b>cat</b> & "dog"', '--text', 'two shoes'])
    expect(page.match(/https?:|<link(?! rel="icon" href="data:,")|@import|<iframe|<object/i)).toBeNull()
    for (const [, source] of page.matchAll(/(?:src="|url\()([^")]*)/g)) expect(source!.slice(0, 11)).toBe('data:image/')
    expect(page.includes('src="data:image/jpeg')).toBe(true)
    expect(page.includes('<b>cat</b>')).toBe(false)
    for (const words of ['The causal mask', '因果 mask', 'The image encoder', '图像编码器', 'softmax over the texts']) {
      expect(page.includes(words), words).toBe(true)
    }
    expect(page.match(/<span lang="en">/g)?.length).toBe(page.match(/<span lang="zh">/g)?.length)
    expect(page.length).toBeLessThan(3_000_000)
    expect(unbalanced(page)).toEqual([])
    const ids = [...page.matchAll(/\bid="([^"]+)"/g)].map(([, id]) => id)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('shows the pass whose input is given, of a ModifiedResNet too', async () => {
    const page = await pageOf([picture, '--model', resnet])
    expect(page.includes('The attention pool')).toBe(true)
    expect(page.includes('The causal mask')).toBe(false)
    expect(unbalanced(page)).toEqual([])
    expect((await pageOf(['--text', 'a cat'])).includes('encodeImage')).toBe(false)
  })
})

async function pageOf(argv: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'typeclip-'))
  const { code, stdout } = await captured(['inspect', ...argv, '--html', join(folder, 'page.html')])
  expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
  expect(await readdir(folder)).toEqual(['page.html'])
  return readFile(join(folder, 'page.html'), 'utf8')
}

/** Tags that are closed without being open, or the other way round. */
function unbalanced(page: string): string[] {
  const body = page.replace(/<(style|script)>.*?<\/\1>/gs, '')
  const open: string[] = []
  const wrong: string[] = []
  for (const [, slash, name, rest] of body.matchAll(/<(\/?)([a-z][a-z0-9]*)((?:"[^"]*"|[^>"])*)>/g)) {
    if (['meta', 'link', 'img', 'input', 'br'].includes(name!) || rest!.endsWith('/')) continue
    if (!slash) open.push(name!)
    else if (open.pop() !== name) wrong.push(name!)
  }
  return [...wrong, ...open]
}

describe('a configuration alone', () => {
  const model = async (config: object) => {
    const path = join(await mkdtemp(join(tmpdir(), 'typeclip-inspect-')), 'tiny.json')
    await writeFile(path, JSON.stringify(config))
    return path
  }
  const tiny = {
    embed_dim: 16,
    vision_cfg: { image_size: 32, layers: 2, width: 64, patch_size: 16 },
    text_cfg: { context_length: 16, vocab_size: 49408, width: 64, heads: 1, layers: 2 },
  }
  const tower = { hidden_size: 64, intermediate_size: 128, num_hidden_layers: 1, num_attention_heads: 2 }
  const huggingFace = {
    ...{ model_type: 'clip', projection_dim: 16, text_config: tower },
    vision_config: { ...tower, image_size: 32, patch_size: 16 },
  }

  it.each([
    ["open_clip's", tiny],
    ["open_clip's, with preprocessing", { model_cfg: tiny, preprocess_cfg: { size: 32, resize_mode: 'squash' } }],
    ["Hugging Face's", huggingFace],
  ])('is shown with random weights, the same ones each time, which is said: %s', async (_, config) => {
    const path = await model(config)
    const run = () => captured(['inspect', picture, '--text', 'a cat', '--json', '--model', path])
    const { code, stdout, stderr } = await run()
    expect(code).toBe(0)
    expect(stderr).toContain(`${path} is a configuration without weights: its weights are random (seed 0)`)
    expect(JSON.parse(stdout).texts[0].tokens).toHaveLength(4)
    expect((await run()).stdout).toBe(stdout)
  })

  it('is refused by a command that needs weights, with what takes it', async () => {
    const path = await model(tiny)
    const { code, stderr } = await captured(['classify', picture, '--labels', 'a', '--model', path])
    expect(code).toBe(2)
    expect(stderr).toContain(`${path} is a configuration and has no weights`)
    expect(stderr).toContain('typeclip train starts from a configuration')
  })

  it('of a vocabulary that is not CLIP’s is shown without texts', async () => {
    const path = await model({ ...tiny, text_cfg: { ...tiny.text_cfg, vocab_size: 60 } })
    expect((await captured(['inspect', picture, '--model', path])).code).toBe(0)
    const { code, stderr } = await captured(['inspect', '--text', 'a', '--model', path])
    expect(code).toBe(2)
    expect(stderr).toContain("its vocabulary has 60 tokens where CLIP's has 49408")
  })
})
