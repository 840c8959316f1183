import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { resolveNaming } from '../formats/tensor-names.ts'
import { openCheckpoint } from './open.node.ts'
import { readTensor, readTensorBytes } from './read.node.ts'

const fixtures = resolve('fixtures/checkpoints')
interface Expected {
  dtype: string
  shape: number[]
  bytes: string
  float32?: string
}
const expected: Record<string, Record<string, Expected>> = JSON.parse(
  await readFile(join(fixtures, 'expected.json'), 'utf8'),
).files

const sha256 = (array: ArrayBufferView) =>
  createHash('sha256')
    .update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
    .digest('hex')

describe('what PyTorch and safetensors wrote is read as it was', () => {
  it.each(Object.keys(expected))('%s', async (file) => {
    const { tensors } = await openCheckpoint(join(fixtures, file))
    const found: Record<string, Expected> = {}
    for (const name of Object.keys(expected[file]!)) {
      const tensor = tensors.get(name)!
      found[name] = { dtype: tensor.dtype, shape: tensor.shape, bytes: sha256(await readTensorBytes(tensor)) }
      if (expected[file]![name]!.float32) found[name].float32 = sha256(await readTensor(tensor))
    }
    expect(found).toEqual(expected[file])
    // A training run's checkpoint holds its optimiser's moments too.
    if (!file.startsWith('training')) expect(tensors.size).toBe(Object.keys(found).length)
  })
})

describe('openCheckpoint', () => {
  it('knows TorchScript archives and their naming', async () => {
    const { format, tensors, files } = await openCheckpoint(join(fixtures, 'openai-vit.pt'))
    expect(format).toBe('torchscript')
    expect(files).toEqual([join(fixtures, 'openai-vit.pt')])
    const { naming, sources } = resolveNaming(tensors.keys())
    expect(naming).toBe('openai')
    expect(sources.has('visual.transformer.resblocks.1.mlp.c_proj.weight')).toBe(true)
  })

  it('gives strides only where the elements do not lie in order', async () => {
    const { tensors } = await openCheckpoint(join(fixtures, 'views.pt'))
    const strided = [...tensors].filter(([, { strides }]) => strides).map(([name]) => name)
    expect(strided).toEqual(['transposed', 'column', 'window', 'channels_last'])
  })

  it('opens a folder, an index of shards and a symbolic link', async () => {
    const { format, files } = await openCheckpoint(join(fixtures, 'sharded'))
    expect(format).toBe('safetensors')
    expect(files).toHaveLength(2)
    const folder = await mkdtemp(join(tmpdir(), 'typeclip-'))
    afterAll(() => rm(folder, { recursive: true }))
    // As in the hub's cache: the index and its shards are links to files of other names elsewhere.
    const links = [
      'model.safetensors.index.json',
      'model-00001-of-00002.safetensors',
      'model-00002-of-00002.safetensors',
    ]
    for (const name of links) await symlink(join(fixtures, 'sharded', name), join(folder, name))
    const linked = await openCheckpoint(folder)
    expect(linked.files).toEqual(files)
    expect((await openCheckpoint(join(folder, links[0]!))).files).toEqual(files)
  })

  it('says what is wrong with what it does not open', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'typeclip-'))
    afterAll(() => rm(folder, { recursive: true }))
    const file = async (content: string) => {
      await writeFile(join(folder, 'model.pt'), content, 'latin1')
      return openCheckpoint(join(folder, 'model.pt'))
    }
    await expect(openCheckpoint(join(folder, 'none.pt'))).rejects.toThrow('none.pt: no such file')
    await expect(openCheckpoint(folder)).rejects.toThrow('no weights in this folder; expected one of open_clip_model')
    await expect(file('')).rejects.toThrow('is empty')
    await expect(file('version https://git-lfs.github.com/spec/v1')).rejects.toThrow('pointer of Git LFS')
    await expect(file('<!DOCTYPE html>')).rejects.toThrow('is a web page')
    await expect(file('hello')).rejects.toThrow('it begins with 68 65 6c 6c 6f')
    await expect(openCheckpoint(join(fixtures, 'refused-module.pt'))).rejects.toThrow(
      "the checkpoint's pickle asks for torch.nn.modules.container.Sequential; typeclip runs no code from a checkpoint",
    )
  })
})
