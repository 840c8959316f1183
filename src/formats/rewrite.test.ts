import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openCheckpoint } from '../checkpoint/open.node.ts'
import { readTensor, readTensorBytes } from '../checkpoint/read.node.ts'
import { byteLength } from './compose.ts'
import { convertCheckpoint } from './rewrite.node.ts'
import { resolveNaming } from './tensor-names.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'typeclip-convert-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function named(path: string) {
  const checkpoint = await openCheckpoint(path)
  return { ...checkpoint, ...resolveNaming(checkpoint.tensors.keys()) }
}
const source = (name: string) => named(resolve('fixtures', name))

/** Every tensor under its stored name, as hex. */
async function contents(path: string): Promise<Record<string, string>> {
  const { tensors } = await openCheckpoint(path)
  const entries = [...tensors].map(async ([name, tensor]) => {
    const bytes = Buffer.from(await readTensorBytes(tensor)).toString('hex')
    return [name, `${tensor.dtype} [${tensor.shape}] ${bytes}`]
  })
  return Object.fromEntries((await Promise.all(entries)).sort())
}

describe('convertCheckpoint', () => {
  it('to Hugging Face and back keeps every bit', async () => {
    const original = await source('checkpoints/openai-vit.pt')
    await convertCheckpoint(original, join(folder, 'hf'), { to: 'hf', files: { 'config.json': '{}' } })
    expect((await readdir(join(folder, 'hf'))).sort()).toEqual(['config.json', 'model.safetensors'])
    const hf = await named(join(folder, 'hf'))
    expect(hf.naming).toBe('hf')
    expect(hf.tensors.get('visual_projection.weight')!.shape).toEqual([8, 8])

    const notes = { input_resolution: 32, context_length: 5, vocab_size: 20 }
    await convertCheckpoint(hf, join(folder, 'back.safetensors'), { to: 'openai', notes })
    expect(await contents(join(folder, 'back.safetensors'))).toEqual(await contents(original.files[0]!))
  })

  it('from Hugging Face to open_clip and back keeps every bit', async () => {
    const original = await source('parity/hf-quickgelu')
    await convertCheckpoint(original, join(folder, 'oc'), { to: 'open_clip' })
    await convertCheckpoint(await named(join(folder, 'oc')), join(folder, 'hf2'), { to: 'hf' })
    expect(await contents(join(folder, 'hf2'))).toEqual(await contents(original.files[0]!))
  })

  it('writes another width, and says so in the header', async () => {
    const original = await source('parity/hf-quickgelu')
    const report = await convertCheckpoint(original, join(folder, 'f16'), { to: 'hf', dtype: 'float16' })
    const { tensors } = await openCheckpoint(report.path)
    expect(new Set([...tensors.values()].map(({ dtype }) => dtype))).toEqual(new Set(['float16']))
    expect(report.bytes).toBe([...tensors.values()].reduce((sum, tensor) => sum + byteLength(tensor), 0))
    // These weights were float16 once, so nothing is lost.
    const name = 'vision_model.encoder.layers.0.self_attn.k_proj.weight'
    expect(await readTensor(tensors.get(name)!)).toEqual(await readTensor(original.tensors.get(name)!))
  })

  it('keeps a ResNet whole, and refuses it to Hugging Face', async () => {
    const original = await source('checkpoints/openai-resnet.pt')
    const progress: number[] = []
    await convertCheckpoint(original, join(folder, 'rn'), {
      to: 'open_clip',
      onProgress: ({ written, total }) => progress.push(written / total),
    })
    expect(progress.at(-1)).toBe(1)
    const { input_resolution, context_length, vocab_size, ...weights } = await contents(original.files[0]!)
    expect(await contents(join(folder, 'rn'))).toEqual(weights)
    await expect(convertCheckpoint(original, join(folder, 'no'), { to: 'hf' })).rejects.toThrow('it has no ResNet')
    expect(await readdir(folder)).not.toContain('no')
  })

  it('overwrites nothing unless told, and leaves nothing half done', async () => {
    const original = await source('checkpoints/openai-vit.pt')
    const path = join(folder, 'once.safetensors')
    await convertCheckpoint(original, path, { to: 'openai' })
    const before = await readFile(path)
    await expect(convertCheckpoint(original, path, { to: 'openai' })).rejects.toThrow('exists already')
    await convertCheckpoint(original, path, { to: 'openai', overwrite: true })
    expect(await readFile(path)).toEqual(before)

    await writeFile(join(folder, 'oc', 'mine.txt'), 'mine')
    await convertCheckpoint(original, join(folder, 'oc'), { to: 'open_clip', overwrite: true })
    expect((await readdir(join(folder, 'oc'))).sort()).toEqual(['mine.txt', 'open_clip_model.safetensors'])

    const broken = { ...original, tensors: new Map(original.tensors) }
    broken.tensors.set('visual.proj', { ...original.tensors.get('visual.proj')!, offset: 1e9 })
    await expect(convertCheckpoint(broken, join(folder, 'half'), { to: 'open_clip' })).rejects.toThrow('cut short')
    expect((await readdir(folder)).filter((name) => name.includes('half'))).toEqual([])
  })
})
