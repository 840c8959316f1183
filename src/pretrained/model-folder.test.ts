import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openModel } from './open.node.ts'

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'typeclip-folder-'))
})
afterAll(() => rm(root, { recursive: true }))

let count = 0
async function folderOf(files: Record<string, object>): Promise<string> {
  const folder = join(root, `${count++}`)
  for (const [name, json] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), JSON.stringify(json))
  }
  return folder
}
const sentence = (type: string, path: string) => ({
  idx: 0,
  name: '0',
  path,
  type: `sentence_transformers.models.${type}`,
})

describe('a folder that is not a CLIP', () => {
  it('is named as an adapter, with its base model', async () => {
    const config = { peft_type: 'LORA', base_model_name_or_path: 'openai/clip-vit-base-patch32' }
    const folder = await folderOf({ 'adapter_config.json': config, 'adapter_model.safetensors': {} })
    await expect(openModel(folder)).rejects.toThrow(
      /is an adapter of PEFT \(LORA\), not a model\. Merge it into its base model, openai\/clip-vit-base-patch32, first/,
    )
    await expect(openModel(await folderOf({ 'adapter_config.json': {} }))).rejects.toThrow(
      /Merge it into its base model first/,
    )
  })

  it('is named as a pipeline, with the part that can be used, or why none can', async () => {
    const index = { _class_name: 'StableDiffusionPipeline', unet: ['diffusers', 'UNet2DConditionModel'] }
    const text = ['transformers', 'CLIPTextModel']
    const sd = await folderOf({ 'model_index.json': { ...index, text_encoder: text } })
    await expect(openModel(sd)).rejects.toThrow(
      /diffusers pipeline \(StableDiffusionPipeline\), not a model\. Of CLIP it has text_encoder \(CLIPTextModel\), without the projection/,
    )
    const second = ['transformers', 'CLIPTextModelWithProjection']
    const xl = await folderOf({ 'model_index.json': { ...index, text_encoder: text, text_encoder_2: second } })
    await expect(openModel(xl)).rejects.toThrow(`text_encoder_2 can be used: give ${join(xl, 'text_encoder_2')}`)
    await expect(openModel(await folderOf({ 'model_index.json': index }))).rejects.toThrow(/it has no CLIP/)
  })

  it('of sentence-transformers is opened where its CLIPModel is', async () => {
    const folder = await folderOf({
      'modules.json': [sentence('CLIPModel', '0_CLIPModel'), sentence('Normalize', '1')],
    })
    await cp(resolve('fixtures/folders/model'), join(folder, '0_CLIPModel'), { recursive: true })
    const opened = await openModel(folder)
    expect(opened.config).toEqual((await openModel(resolve('fixtures/folders/model'))).config)
    expect((await opened.tokenizer()).own).toBe(true)
  })

  it.each([
    [[sentence('Transformer', '0'), sentence('Pooling', '1')], /made of Transformer, Pooling/],
    [[sentence('CLIPModel', '0'), sentence('Dense', '1')], /made of CLIPModel, Dense/],
    [[], /made of nothing/],
  ])('of sentence-transformers is refused for another module: %j', async (modules, message) => {
    await expect(openModel(await folderOf({ 'modules.json': modules }))).rejects.toThrow(message)
  })

  it('and a config.json of something else is not taken for the model’s', async () => {
    const folder = await folderOf({ 'config.json': { port: 8080 } })
    await cp(resolve('fixtures/parity/open_clip-vit/open_clip_model.safetensors'), join(folder, 'mine.safetensors'))
    const { notices } = await openModel(join(folder, 'mine.safetensors'))
    expect(notices[0]).toMatch(/has no configuration beside it/)
  })

  it('and a config in place of weights are distinguished from an index of shards', async () => {
    const folder = await folderOf({ 'config.json': { model_type: 'clip' }, 'index.json': { other: 1 } })
    await expect(openModel(join(folder, 'config.json'))).rejects.toThrow(/is a configuration and has no weights/)
    await expect(openModel(join(folder, 'index.json'))).rejects.toThrow(/weight_map/)
  })
})
