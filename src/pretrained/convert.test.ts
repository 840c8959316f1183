import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readTensorBytes } from '../checkpoint/read.node.ts'
import { convert } from './convert.node.ts'
import { openModel } from './open.node.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'typeclip-convert-'))
})
afterAll(() => rm(folder, { recursive: true }))

const parity = (name: string) => resolve('fixtures/parity', name)

/** What a model is, whatever it is called and written in. */
async function described(model: string) {
  const { config, preprocessing } = await openModel(model)
  // Whose order of steps is followed is the project's, and padding is never there unless asked for.
  const { order, fill, resize, rescale, ...pictures } = preprocessing
  return { config, pictures }
}

import { randomModel } from '../../test/random-model.ts'

describe('convert', () => {
  it.each([
    ['hf-quickgelu', 'open_clip'],
    ['hf-gelu-eos', 'open_clip'],
    ['open_clip-vit', 'hf'],
    ['open_clip-eps', 'hf'],
    ['open_clip-quickgelu-mlp', 'hf'],
    ['open_clip-custom-text-eos', 'hf'],
    ['open_clip-custom-text-eos', 'open_clip'],
    ['open_clip-resnet', 'open_clip'],
    ['open_clip-average', 'open_clip'],
    ['open_clip-average-norm-after', 'open_clip'],
    ['open_clip-no-ln-pre', 'open_clip'],
  ] as const)('%s to %s is the same model', async (name, to) => {
    const target = join(folder, `${name}-${to}`)
    await convert(parity(name), target, { to })
    expect(await described(target)).toEqual(await described(parity(name)))
  })

  it("to OpenAI's layout carries OpenAI's notes, so that it is known again", async () => {
    const target = join(folder, 'openai.safetensors')
    const { notices } = await convert(parity('openai-vit/model.safetensors'), target, { to: 'openai' })
    expect(notices).toHaveLength(1)
    const { naming, checkpoint, config, notices: none } = await openModel(target)
    expect(naming).toBe('openai')
    expect(none).toEqual([])
    expect(config).toEqual((await openModel(parity('openai-vit/model.safetensors'))).config)
    const resolution = await readTensorBytes(checkpoint.tensors.get('input_resolution')!)
    expect(new BigInt64Array(resolution.buffer)[0]).toBe(32n)
  })

  it("writes the tokenizer's files where the vocabulary is CLIP's", async () => {
    const target = join(folder, 'random')
    await convert(await randomModel(), target, { to: 'hf', dtype: 'float16' })
    expect((await readdir(target)).sort()).toEqual([
      'config.json',
      'merges.txt',
      'model.safetensors',
      'preprocessor_config.json',
      'special_tokens_map.json',
      'tokenizer_config.json',
      'vocab.json',
    ])
    const vocabulary = JSON.parse(await readFile(join(target, 'vocab.json'), 'utf8'))
    expect(Object.keys(vocabulary)).toHaveLength(49408)
    expect([vocabulary['!'], vocabulary['cat</w>'], vocabulary['<|endoftext|>']]).toEqual([0, 2368, 49407])
    const merges = await readFile(join(target, 'merges.txt'))
    // Of openai/clip-vit-base-patch32's merges.txt.
    expect(createHash('sha256').update(merges).digest('hex')).toBe(
      '9fd691f7c8039210e0fced15865466c65820d09b63988b0174bfe25de299051a',
    )
  })

  it('says what a project cannot hold', async () => {
    const refused = (name: string, to: 'openai' | 'hf') => convert(parity(name), join(folder, 'none'), { to })
    await expect(refused('open_clip-resnet', 'hf')).rejects.toThrow('the image encoder is a ResNet')
    await expect(refused('open_clip-average', 'hf')).rejects.toThrow('the image encoder averages patches')
    await expect(refused('open_clip-no-ln-pre', 'hf')).rejects.toThrow('the image encoder has no ln_pre')
    await expect(refused('open_clip-vit', 'openai')).rejects.toThrow('its heads are not 64 wide')
    const { notices } = await convert(await randomModel(), join(folder, 'gelu.safetensors'), { to: 'openai' })
    expect(notices[0]).toContain('load the result with GELU')
  })
})
