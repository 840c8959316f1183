import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { createRandom } from '../../random.ts'
import { openInitialModel } from '../../training/initial-model.node.ts'
import { loraScale } from './lora.ts'
import { mergeAdapter, unmergeAdapter, writeMerged } from './merge.node.ts'
import { type Adapter, readAdapter, writeAdapter } from './peft.node.ts'

const tiny = fileURLToPath(new URL('../../../fixtures/parity/hf-quickgelu', import.meta.url))
const block = 'visual.transformer.resblocks.1.attn'
const random = createRandom('adapter')
const matrix = (rows: number, columns: number) => ({
  shape: [rows, columns],
  data: Float32Array.from({ length: rows * columns }, () => random.normal()),
})
const adapter: Adapter = {
  options: { rank: 2, alpha: 3, scaling: 'rank-stabilised', targets: ['q', 'v'], towers: ['image'] },
  tensors: new Map(
    [0, 1].flatMap((i) =>
      ['q', 'v'].flatMap((part) => {
        const name = `visual.transformer.resblocks.${i}.attn.${part}_proj`
        return [[`${name}.lora_A.weight`, matrix(2, 32)] as const, [`${name}.lora_B.weight`, matrix(32, 2)] as const]
      }),
    ),
  ),
}

it('writes an adapter under the names that PEFT has, and reads it back', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'typeclip-'))
  await writeAdapter(folder, adapter, 'some/clip')
  expect(await readAdapter(folder)).toEqual(adapter)
  const config = JSON.parse(await readFile(join(folder, 'adapter_config.json'), 'utf8'))
  expect(config).toMatchObject({ peft_type: 'LORA', r: 2, lora_alpha: 3, use_rslora: true })
  const file = await readFile(join(folder, 'adapter_model.safetensors'), 'latin1')
  expect(file).toContain('base_model.model.vision_model.encoder.layers.1.self_attn.q_proj.lora_A.weight')
})

it('merges the product into its third of the packed weight, and takes it out again', async () => {
  const model = await openInitialModel(tiny)
  const name = `${block}.in_proj_weight`
  const base = (await model.read(name))!
  const merged = (await mergeAdapter(model, adapter).read(name))!
  const [a, b] = ['A', 'B'].map((side) => adapter.tensors.get(`${block}.v_proj.lora_${side}.weight`)!.data)
  const [row, column] = [5, 7]
  const product = b![row * 2]! * a![column]! + b![row * 2 + 1]! * a![32 + column]!
  const at = (64 + row) * 32 + column
  expect(merged[at]! - base[at]!).toBeCloseTo(loraScale(adapter.options) * product, 5)
  expect(merged.subarray(32 * 32, 64 * 32)).toEqual(base.subarray(32 * 32, 64 * 32))
  const back = (await unmergeAdapter(mergeAdapter(model, adapter), adapter).read(name))!
  expect(Math.max(...back.map((x, i) => Math.abs(x - base[i]!)))).toBeLessThan(1e-5)
})

it('scales by α/r, or by α/√r', () => {
  expect(loraScale({ rank: 4, alpha: 2, scaling: 'standard' })).toBe(0.5)
  expect(loraScale({ rank: 4, alpha: 2, scaling: 'rank-stabilised' })).toBe(1)
})

it("keeps the matrices of a ResNet's attention pool, under OpenAI's names", async () => {
  const folder = await mkdtemp(join(tmpdir(), 'typeclip-'))
  const options = { ...adapter.options, targets: ['q', 'out'] } as const
  const tensors = new Map(
    ['q_proj', 'c_proj'].flatMap((part) => {
      const name = `visual.attnpool.${part}`
      return [[`${name}.lora_A.weight`, matrix(2, 32)] as const, [`${name}.lora_B.weight`, matrix(8, 2)] as const]
    }),
  )
  await writeAdapter(folder, { options, tensors })
  expect(await readAdapter(folder)).toEqual({ options, tensors })
  const config = JSON.parse(await readFile(join(folder, 'adapter_config.json'), 'utf8'))
  expect(config.target_modules).toBe('visual\\..*\\.(q_proj|out_proj|c_proj)')
})

it('writes a model with the adapter in it, and that one without it again', async () => {
  const [folder, merged, without] = await Promise.all([0, 1, 2].map(() => mkdtemp(join(tmpdir(), 'typeclip-'))))
  await writeAdapter(folder!, adapter)
  await writeMerged(merged!, tiny, folder!)
  await writeMerged(without!, merged!, folder!, { unmerge: true })
  const name = `${block}.in_proj_weight`
  const [base, sum, back] = await Promise.all(
    [tiny, merged!, without!].map(async (model) => (await (await openInitialModel(model)).read(name))!),
  )
  expect(Math.max(...sum!.map((x, i) => Math.abs(x - base![i]!)))).toBeGreaterThan(0.1)
  expect(Math.max(...back!.map((x, i) => Math.abs(x - base![i]!)))).toBeLessThan(1e-5)
  await expect(writeMerged(merged!, tiny, folder!)).rejects.toThrow('is not empty')
})

it('does not merge the adapter of another model', async () => {
  const [folder, out] = await Promise.all([0, 1].map(() => mkdtemp(join(tmpdir(), 'typeclip-'))))
  const tensors = new Map(adapter.tensors)
  tensors.set(`${block}.q_proj.lora_A.weight`, matrix(2, 48))
  await writeAdapter(folder!, { ...adapter, tensors })
  await expect(writeMerged(out!, tiny, folder!)).rejects.toThrow("make [32, 48], and the model's is [32, 32]")
  const deeper = new Map([...adapter.tensors].map(([at, value]) => [at.replace('resblocks.1', 'resblocks.7'), value]))
  await writeAdapter(folder!, { ...adapter, tensors: deeper })
  await expect(writeMerged(out!, tiny, folder!)).rejects.toThrow('no place for visual.transformer.resblocks.7')
})
