// Model folders as transformers and open_clip write them: their own tokenizer, their own preprocessing
// (fixtures/make/folders.py), and what is beside the weights of another project.

import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { load } from '../../src/clip/load.node.ts'
import { preprocessingFromHuggingFace } from '../../src/formats/hugging-face-processor.ts'
import { preprocessingFromOpenClip } from '../../src/formats/open-clip.ts'
import { normalize, preprocess } from '../../src/image/transform.ts'
import { convert } from '../../src/pretrained/convert.node.ts'
import { modelTokenizer } from '../../src/pretrained/model-tokenizer.node.ts'
import { openModel } from '../../src/pretrained/open.node.ts'
import { tokenize } from '../../src/tokenizer/tokenize.ts'
import { openInitialModel } from '../../src/training/initial-model.node.ts'
import { randomModel } from '../random-model.ts'

const fixtures = fileURLToPath(new URL('../../fixtures', import.meta.url))
const own = join(fixtures, 'folders/model')
const golden = JSON.parse(await readFile(join(fixtures, 'folders/golden.json'), 'utf8'))
const image = { ...golden.image, data: Uint8Array.from(golden.image.data), channels: 3 as const }

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'typeclip-folders-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** A copy of a folder with other files in it; undefined: without that file. */
async function copyOf(from: string, name: string, files: Record<string, object | string | undefined>): Promise<string> {
  const to = join(folder, name)
  await cp(from, to, { recursive: true })
  for (const [file, content] of Object.entries(files)) {
    if (content === undefined) await rm(join(to, file))
    else await writeFile(join(to, file), typeof content === 'string' ? content : JSON.stringify(content))
  }
  return to
}

const json = async (path: string) => JSON.parse(await readFile(path, 'utf8'))

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length)
  return Array.from(a, (value, i) => Math.abs(value - b[i]!)).reduce((x, y) => Math.max(x, y), 0)
}

describe('a folder of transformers 5, with words added and merges of its own', () => {
  it("gives transformers' text embeddings", async () => {
    const clip = await load(own, { towers: ['text'] })
    const { data } = await clip.encodeText(golden.texts)
    await clip.dispose()
    expect(clip.notices).toEqual([])
    const expected = golden.model.texts.flat()
    expect(largestDifference(data, expected)).toBeLessThan(2e-6 * Math.max(...expected.map(Math.abs)))
  })

  it("gives transformers' pixels and image embedding, from processor_config.json", async () => {
    const { preprocessing } = await openModel(own)
    const pixels = new Float32Array(3 * 16 * 16)
    normalize(preprocess({ ...image, mode: 'RGB' }, preprocessing), preprocessing, pixels, 0)
    expect(largestDifference(pixels, golden.model.pixels)).toBe(0)
    const clip = await load(own, { towers: ['image'] })
    const { data } = await clip.encodeImage(image)
    await clip.dispose()
    expect(largestDifference(data, golden.model.image)).toBeLessThan(2e-6 * Math.max(...golden.model.image))
  })

  it('is converted with its tokenizer and its ids, and not where there is no place for them', async () => {
    const to = join(folder, 'converted')
    await convert(own, to, { to: 'hf' })
    for (const file of ['tokenizer.json', 'tokenizer_config.json']) {
      expect(await readFile(join(to, file), 'utf8')).toBe(await readFile(join(own, file), 'utf8'))
    }
    expect((await json(join(to, 'config.json'))).text_config).toMatchObject({ bos_token_id: 602, eos_token_id: 603 })
    const clip = await load(to, { towers: ['text'] })
    const { data } = await clip.encodeText(['a <cat-toy> here'])
    await clip.dispose()
    expect(largestDifference(data, golden.model.texts[3])).toBeLessThan(1e-5)
    for (const layout of ['open_clip', 'openai'] as const) {
      await expect(convert(own, join(folder, layout), { to: layout })).rejects.toThrow(
        /has a vocabulary of its own \(608 tokens\).*convert to hf instead/,
      )
    }
  })

  it('is not trained on, since what is written has no place for its vocabulary', async () => {
    await expect(openInitialModel(own)).rejects.toThrow(/has a vocabulary of its own \(608 tokens\)/)
  })

  it('is refused where the tokenizer has more tokens than the model embeds', async () => {
    const config = await json(join(own, 'tokenizer_config.json'))
    const more = { ...config, extra_special_tokens: [...config.extra_special_tokens, '<one-more>'] }
    const model = await copyOf(own, 'more', { 'tokenizer_config.json': more })
    await expect(load(model)).rejects.toThrow(/its tokenizer has 609 tokens, and the model embeds 608/)
  })

  it('is refused for a tokenizer of another kind, except for its images', async () => {
    const model = await copyOf(own, 'bert', { 'tokenizer_config.json': { tokenizer_class: 'BertTokenizer' } })
    await expect(load(model)).rejects.toThrow(/its tokenizer is a BertTokenizer, which typeclip does not have/)
    const clip = await load(model, { towers: ['image'] })
    expect((await clip.encodeImage(image)).shape).toEqual([1, 8])
    await clip.dispose()
  })
})

describe('a vocabulary that is not CLIP’s', () => {
  it.each([
    ['open_clip-vit', 60],
    ['openai-vit', 60],
    ['hf-quickgelu', 60],
  ])('without a tokenizer is named when a text is encoded: %s', async (name, size) => {
    const clip = await load(join(fixtures, 'parity', name))
    await expect(clip.encodeText('a cat')).rejects.toMatchObject({
      name: 'CheckpointError',
      message: expect.stringMatching(new RegExp(`its vocabulary has ${size} tokens where CLIP's has 49408`)),
    })
    const { imageSize } = clip.config.image!
    const grey = { data: new Uint8Array(imageSize * imageSize * 3), width: imageSize, height: imageSize }
    expect((await clip.encodeImage({ ...grey, channels: 3 })).data.length).toBe(clip.config.embedDim)
    await clip.dispose()
  })
})

describe('a bare file or folder of a larger vocabulary', () => {
  // MetaCLIP 2's names and layout are CLIP's; its 901,629 tokens are not.
  it.each([
    ['open_clip', false, /for another vocabulary can only be read from a Hugging Face folder/],
    ['hf', true, /has no tokenizer \(tokenizer.json, or vocab.json and merges.txt\)/],
  ] as const)('is refused when a text is encoded: %s', async (naming, configured, message) => {
    const model = { naming, configured, vocabulary: 901629, path: 'metaclip' }
    const { tokenizer } = await modelTokenizer(folder, model)
    expect(() => tokenizer.encode('a')).toThrow(/metaclip: its vocabulary has 901629 tokens where CLIP's has 49408/)
    expect(() => tokenizer.encode('a')).toThrow(message)
  })

  it("of open_clip's is padded where its configuration says so", async () => {
    const model = { naming: 'open_clip', configured: true, vocabulary: 50000, path: 'x' } as const
    expect((await modelTokenizer(folder, model)).tokenizer.encode('a cat')).toEqual([49406, 320, 2368, 49407])
  })
})

describe("Hugging Face names with CLIP's vocabulary", () => {
  it("give transformers' ids, with a tokenizer beside and without; open_clip's names give clip.tokenize's", async () => {
    const conventions = await json(join(fixtures, 'tokenizer-conventions.json'))
    const { contextLength, texts, rows } = conventions
    const random = await randomModel({
      embed_dim: 8,
      vision_cfg: { image_size: 16, layers: 1, width: 64, patch_size: 8 },
      text_cfg: { context_length: contextLength, vocab_size: 49408, width: 16, heads: 1, layers: 1 },
    })
    const model = join(folder, 'clips-vocabulary')
    await convert(random, model, { to: 'hf' })
    expect((await json(join(model, 'config.json'))).text_config).toMatchObject({
      ...{ vocab_size: 49408, bos_token_id: 49406, eos_token_id: 2 },
    })
    const idsOf = async (from: string) => {
      const { tokenizer } = await (await openModel(from)).tokenizer()
      return [...tokenize(tokenizer, texts, { contextLength, onLong: 'truncate' }).ids]
    }
    expect(await idsOf(model)).toEqual(rows.huggingface.flat())
    expect((await (await openModel(model)).tokenizer()).own).toBe(true)
    expect((await openModel(model)).notices).toEqual([])
    const text = '“curly” ﬁligree'
    const own = (await (await openModel(model)).tokenizer()).tokenizer.encode(text)
    for (const file of ['vocab.json', 'merges.txt', 'tokenizer_config.json', 'special_tokens_map.json']) {
      await rm(join(model, file))
    }
    expect(await idsOf(model)).toEqual(rows.huggingface.flat())
    expect((await openModel(model)).notices).toEqual([expect.stringMatching(/has no tokenizer .* CLIP's own is used/)])
    expect((await (await openModel(random)).tokenizer()).tokenizer.encode(text)).not.toEqual(own)
    // The same vocabulary has a place in the other layouts, and can be trained.
    expect((await openInitialModel(model)).config.text!.vocabularySize).toBe(49408)
    await rm(random, { recursive: true })
  })
})

describe('preprocessing follows what the weights follow', () => {
  const squash = { size: 224, mode: 'RGB', resize_mode: 'squash', interpolation: 'bilinear', mean: [0.5, 0.5, 0.5] }
  const crop = { image_processor_type: 'CLIPImageProcessor', size: { shortest_edge: 224 }, crop_size: 224 }

  it("takes open_clip's for open_clip's names, though Hugging Face's are beside", async () => {
    const from = join(fixtures, 'parity/open_clip-vit')
    const config = await json(join(from, 'open_clip_config.json'))
    const size = config.model_cfg.vision_cfg.image_size
    const model = await copyOf(from, 'mixed', {
      'open_clip_config.json': { ...config, preprocess_cfg: { ...squash, size } },
      'preprocessor_config.json': { ...crop, size: { shortest_edge: size }, crop_size: size },
      'processor_config.json': { image_processor: { ...crop, size: { shortest_edge: size }, crop_size: size } },
    })
    expect((await openModel(model)).preprocessing).toMatchObject({
      ...{ order: 'openai', mode: 'squash', interpolation: 'bilinear', mean: [0.5, 0.5, 0.5], size },
    })
  })

  it("takes Hugging Face's for its names, and processor_config.json before preprocessor_config.json", async () => {
    const model = await copyOf(own, 'both', {
      'open_clip_config.json': { model_cfg: {}, preprocess_cfg: { ...squash, size: 16 } },
      'preprocessor_config.json': { ...crop, size: 16, crop_size: 16 },
    })
    const { preprocessing } = await openModel(model)
    expect(preprocessing).toMatchObject({ order: 'hf', mode: 'shortest', resize: 20, interpolation: 'bilinear' })
    // A file of transformers 4, which says nothing of images.
    await writeFile(join(model, 'processor_config.json'), JSON.stringify({ processor_class: 'CLIPProcessor' }))
    expect((await openModel(model)).preprocessing).toMatchObject({ order: 'hf', resize: 16, interpolation: 'bicubic' })
  })
})

describe("transformers' image processors", () => {
  it.each(['clip', 'vit'])("give Pillow's pixels: %s", (name) => {
    const { settings, shape, pixels } = golden.processors[name]
    for (const given of [settings, minimal(settings)]) {
      const how = preprocessingFromHuggingFace(given, 16, 'x')
      const made = new Float32Array(3 * 16 * 16)
      normalize(preprocess({ ...image, mode: 'RGB' }, how), how, made, 0)
      expect(shape).toEqual([3, 16, 16])
      expect(largestDifference(made, pixels)).toBeLessThan(1e-6)
    }
  })

  /** With the class's own values left out. */
  function minimal({ image_processor_type, crop_size }: Record<string, unknown>) {
    return { image_processor_type, size: 16, ...(crop_size !== undefined && { crop_size }) }
  }

  it.each([
    [{ image_processor_type: 'SiglipImageProcessor' }, /prepared by a SiglipImageProcessor/],
    [{ image_processor_type: 'toString' }, /prepared by a toString/],
    [{ feature_extractor_type: 'ConvNextFeatureExtractor' }, /ConvNextFeatureExtractor/],
    [{ size: { shortest_edge: 224, longest_edge: 300 } }, /size: field longest_edge \(300\)/],
    [{ size: { longest_edge: 300 } }, /size: field longest_edge/],
    [{ use_square_size: true }, /field use_square_size asks for true/],
    [{ do_pad: true }, /field do_pad asks for true/],
    [{ default_to_square: true }, /field default_to_square asks for true/],
    [{ do_rescale: false }, /field do_rescale asks for false/],
    [{ do_flip_channel_order: true }, /field do_flip_channel_order \(true\) is not one that typeclip knows/],
    [{ crop_pct: 0.9 }, /field crop_pct/],
    [{ auto_map: {} }, /field auto_map/],
  ])('%o is refused', (settings, message) => {
    expect(() => preprocessingFromHuggingFace(settings, 224, 'x')).toThrow(message)
  })

  it("and open_clip's settings name a field that is not known", () => {
    expect(() => preprocessingFromOpenClip({ preprocess_cfg: { size: 224, crop_pct: 0.9 } }, 224, 'x')).toThrow(
      /field crop_pct \(0\.9\)/,
    )
  })

  it('may carry what changes nothing', () => {
    const settings = {
      ...{ image_processor_type: 'CLIPImageProcessorFast', processor_class: 'CLIPProcessor', do_convert_rgb: true },
      ...{ data_format: 'channels_first', default_to_square: false, device: null, disable_grouping: null },
      ...{ do_pad: null, input_data_format: null, pad_size: null, return_tensors: null, use_square_size: false },
    }
    expect(preprocessingFromHuggingFace(settings, 224, 'x').mode).toBe('shortest')
  })
})

describe('one file of weights', () => {
  it('says all that was guessed, in one notice', async () => {
    const file = join(folder, 'mine.safetensors')
    await cp(join(fixtures, 'parity/open_clip-vit/open_clip_model.safetensors'), file)
    const { notices } = await openModel(file)
    expect(notices).toHaveLength(1)
    expect(notices[0]).toMatch(
      /guessed: 1 head in the image encoder, .*, QuickGELU as activation, 1e-5 as epsilon of LayerNorms, images read at the class token, CLIP's tokenizer, causal attention in the text encoder, texts read at the highest token id, OpenAI's preprocessing of images\./,
    )
    expect((await openModel(file, { activation: 'gelu' })).notices[0]).not.toMatch('QuickGELU')
  })
})

describe('what is another architecture', () => {
  it('is refused by the field of its configuration, before its tensors', async () => {
    const model = await copyOf(own, 'siglip', {
      'config.json': { model_type: 'siglip', architectures: ['SiglipModel'] },
    })
    await expect(openModel(model)).rejects.toThrow(/config.json: field model_type .*found "siglip"/)
  })
})
