// Fine-tuning against PyTorch and PEFT (fixtures/make/finetune.py): ten steps of full fine-tuning, of FLYP and of LoRA, and
// adapters that PEFT wrote. fixtures/make/authors.py repeats the steps with the code that the papers' authors published.

import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Tensor as Value } from 'onnxruntime-common'
import { describe, expect, it } from 'vitest'
import { openCheckpoint } from '../../src/checkpoint/open.node.ts'
import { readTensor } from '../../src/checkpoint/read.node.ts'
import { load } from '../../src/clip/load.node.ts'
import { headBias, headWeight } from '../../src/finetune/head/classification-head.ts'
import { fullAdaptation, fullRecipe } from '../../src/finetune/head/full.node.ts'
import type { LoraOptions } from '../../src/finetune/lora/lora.ts'
import { mergeAdapter } from '../../src/finetune/lora/merge.node.ts'
import { loraAdaptation } from '../../src/finetune/lora/method.node.ts'
import { readAdapter } from '../../src/finetune/lora/peft.node.ts'
import { classPrompts } from '../../src/finetune/prompts/class-prompts.ts'
import { flypAdaptation } from '../../src/finetune/prompts/flyp.node.ts'
import type { Graph } from '../../src/graph/onnx.ts'
import { encodeImage, encodeText } from '../../src/model/clip.ts'
import { exampleInputs } from '../../src/objectives/inputs.ts'
import { createRuntime } from '../../src/runtime/onnxruntime.node.ts'
import type { Adaptation } from '../../src/training/adaptation.ts'
import type { Batch } from '../../src/training/collate.ts'
import { type InitialModel, openInitialModel } from '../../src/training/initial-model.node.ts'
import { writeModel } from '../../src/training/run/saved-model.node.ts'
import { createTrainer, type Trainer } from '../../src/training/step.ts'
import * as tolerance from '../tolerances.ts'

const fixtures = fileURLToPath(new URL('../../fixtures', import.meta.url))
/** Of a tensor of more than 1,024 elements, the golden file stores every 31st. */
const every = 31
const [classes, templates] = [4, 2]

type Stored = { data: Float32Array; shape: number[] }

async function readAll(path: string): Promise<Map<string, Stored>> {
  const { tensors } = await openCheckpoint(join(fixtures, path))
  const all = new Map<string, Stored>()
  for (const [name, tensor] of tensors) {
    all.set(name, { data: Float32Array.from((await readTensor(tensor)) as ArrayLike<number>), shape: tensor.shape })
  }
  return all
}

/** Image i is of class i mod 4; a step's captions are its classes' first or second prompts, alternating. */
async function dataOf(): Promise<{ batches: Batch[]; prompts: number[][] }> {
  const golden = await readAll('training/batches.safetensors')
  const [pixels, ids, order] = ['vit/pixels', 'ids', 'order'].map((name) => golden.get(name)!) as [
    Stored,
    Stored,
    Stored,
  ]
  const [count, length] = ids.shape as [number, number]
  const area = pixels.data.length / count
  const end = Math.max(...ids.data)
  const prompts = Array.from({ length: classes * templates }, (_, i) => {
    const row = [...ids.data.subarray(i * length, (i + 1) * length)]
    return row.slice(0, row.indexOf(end) + 1)
  })
  const [steps, batch] = order.shape as [number, number]
  const batches = Array.from({ length: steps }, (_, step) => {
    const rows = [...order.data.subarray(step * batch, (step + 1) * batch)]
    return {
      pixels: Uint8Array.from(rows.flatMap((i) => [...pixels.data.subarray(i * area, (i + 1) * area)])),
      ids: rows.map((i) => prompts[(i % classes) * templates + (step % templates)]!),
      labels: Int32Array.from(rows, (i) => i % classes),
    }
  })
  return { batches, prompts }
}

const norm = (x: ArrayLike<number>): number => Math.sqrt(Array.from(x).reduce((sum, value) => sum + value * value, 0))

/** The key's bias, whose true gradient is zero: a softmax ignores a constant added to all scores of a row. */
const isKeyBias = (name: string, i: number, length: number): boolean =>
  name.endsWith('in_proj_bias') && i >= length / 3 && i < (2 * length) / 3

/** `‖ours − golden‖ / ‖golden‖` over the stored elements, without the key's bias. */
function compare(found: Float32Array, golden: Map<string, Stored>, key: string): number {
  const length = golden.get(`${key}/norm`)
  if (length) expect(Math.abs(norm(found) / length.data[0]! - 1), key).toBeLessThan(tolerance.training)
  const kept = length ? found.filter((_, i) => i % every === 0) : found
  const { data } = golden.get(key)!
  const counts = (_: number, i: number) => length !== undefined || !isKeyBias(key, i, found.length)
  const difference = norm(kept.map((value, i) => value - data[i]!).filter(counts))
  return difference === 0 ? 0 : difference / norm(data.filter(counts))
}

async function trainerOf(
  model: InitialModel,
  adaptation: Adaptation,
  weightDecay: number,
  golden: Map<string, Stored>,
  clipGradient?: number,
) {
  const trainer = await createTrainer({
    runtime: createRuntime({ threads: 1 }),
    config: model.config,
    preprocessing: model.preprocessing,
    objective: adaptation.objective,
    optimizer: { beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay },
    trained: adaptation.trained,
    wrap: adaptation.wrap,
    clipGradient,
  })
  const { slots, values } = trainer.parameters
  for (const { name, from } of slots.values()) {
    values.set(golden.get(`initial/${name}`)?.data ?? (await model.read(name))!, from)
  }
  return trainer
}

async function learnsAsGolden(trainer: Trainer, batches: readonly Batch[], golden: Map<string, Stored>): Promise<void> {
  const { slots, values, trained } = trainer.parameters
  const [losses, rates] = [golden.get('losses')!.data, golden.get('rates')!.data]
  for (const [i, batch] of batches.entries()) {
    const { loss } = await trainer.step(batch, { t: i + 1, learningRate: rates[i]! })
    expect(Math.abs(loss / losses[i]! - 1), `loss ${i + 1}`).toBeLessThan(tolerance.loss)
    if (i > 0) continue
    for (const name of trained.names) {
      const { from, to } = slots.get(name)!
      const difference = compare(trainer.gradients.subarray(from, to), golden, `gradient/${name}`)
      expect(difference, `gradient of ${name}`).toBeLessThan(tolerance.training)
    }
  }
  for (const name of trained.names) {
    const { from, to } = slots.get(name)!
    expect(compare(values.subarray(from, to), golden, `parameter/${name}`), name).toBeLessThan(tolerance.training)
  }
  const known = [...golden.keys()].filter((key) => key.startsWith('parameter/') && !key.endsWith('/norm'))
  expect([...trained.names].sort()).toEqual(known.map((key) => key.slice('parameter/'.length)).sort())
}

const open = () => openInitialModel(join(fixtures, 'parity/open_clip-vit'))

it('full fine-tuning trains head and encoder as PyTorch does', async () => {
  const [golden, { batches }] = [await readAll('finetune/full.safetensors'), await dataOf()]
  const words = Array.from({ length: classes }, (_, i) => `class ${i}`)
  const [weights, bias] = [headWeight, headBias].map((name) => golden.get(`initial/${name}`)!.data)
  const zeroShot = { names: words, weights: weights!, bias: bias! }
  const adaptation = fullAdaptation({ classes: words, words, zeroShot })
  const trainer = await trainerOf(await open(), adaptation, fullRecipe.weightDecay, golden, fullRecipe.clipGradient)
  await learnsAsGolden(trainer, batches, golden)
  await trainer.dispose()
})

it('FLYP trains as PyTorch does', async () => {
  const [golden, { batches }] = [await readAll('finetune/flyp.safetensors'), await dataOf()]
  const trainer = await trainerOf(await open(), flypAdaptation, 0.1, golden)
  await learnsAsGolden(trainer, batches, golden)
  await trainer.dispose()
})

const everywhere = { towers: ['image', 'text'] } as const
const loras: LoraOptions[] = [
  { ...everywhere, scaling: 'standard', rank: 2, alpha: 3, targets: ['q', 'k', 'v', 'out', 'fc', 'proj'] },
  { ...everywhere, scaling: 'rank-stabilised', rank: 3, alpha: 2, targets: ['q', 'k', 'v'] },
]

it.each(loras)('LoRA, $scaling scaling, trains and merges as PyTorch does', async (options) => {
  const golden = await readAll(`finetune/lora-${options.scaling}.safetensors`)
  const [model, { batches, prompts }] = [await open(), await dataOf()]
  const adaptation = loraAdaptation(options, { objective: classPrompts(prompts, templates, model.config) })
  const trainer = await trainerOf(model, adaptation, 0.01, golden)
  await learnsAsGolden(trainer, batches, golden)
  const { slots, values } = trainer.parameters
  const valuesOf = (name: string) => values.subarray(slots.get(name)!.from, slots.get(name)!.to)
  const merged = [...golden.keys()].filter((key) => key.startsWith('merged/') && !key.endsWith('/norm'))
  expect(merged.length).toBe(options.targets.length > 3 ? 16 : 4)
  for (const key of merged) {
    const sum = adaptation.merged!(key.slice('merged/'.length), valuesOf)!
    expect(compare(sum, golden, key), key).toBeLessThan(tolerance.training)
  }
  await trainer.dispose()
})

describe.each(['standard', 'rank-stabilised'] as const)('an adapter of PEFT, %s scaling', (scaling) => {
  it('is read and merged, with PEFT’s embeddings', async () => {
    const folder = `finetune/peft-${scaling}`
    const adapter = await readAdapter(join(fixtures, folder))
    expect(adapter.options.scaling).toBe(scaling)
    const base = join(fixtures, 'parity/hf-quickgelu')
    const out = await mkdtemp(join(tmpdir(), 'typeclip-'))
    await writeModel(out, { model: mergeAdapter(await openInitialModel(base), adapter) })
    const given = await readAll('parity/hf-quickgelu/golden.safetensors')
    const golden = await readAll(`${folder}/golden.safetensors`)
    const found = await embeddingsOf(out, given.get('image')!, given.get('ids')!)
    for (const [name, { data }] of golden) {
      const largest = Math.max(...data.map(Math.abs))
      const difference = Math.max(...data.map((value, i) => Math.abs(value - found[name]![i]!)))
      expect(difference / largest, name).toBeLessThan(tolerance.adapter)
      const before = given.get(name)!.data
      const moved = adapter.options.towers.includes(name.startsWith('image') ? 'image' : 'text')
      expect(
        data.some((value, i) => Math.abs(value - before[i]!) > 0.01),
        name,
      ).toBe(moved)
    }
  })
})

async function embeddingsOf(model: string, image: Stored, ids: Stored): Promise<Record<string, Float32Array>> {
  const clip = await load(model, { threads: 1 })
  const inputs = exampleInputs(clip.config)
  const graph: Graph = {
    image_embedding: encodeImage(clip.parameters, inputs.image, clip.config),
    text_embedding: encodeText(clip.parameters, inputs.text, clip.config),
  }
  const program = await clip.runtime.compile(graph)
  const [rows, length] = ids.shape as [number, number]
  const ends = Array.from({ length: rows }, (_, i) => {
    const row = ids.data.subarray(i * length, (i + 1) * length)
    return BigInt(row.indexOf(Math.max(...row)))
  })
  const values = await program.run({
    image: new Value('float32', image.data, image.shape),
    ids: new Value('int32', Int32Array.from(ids.data), ids.shape),
    end: new Value('int64', BigInt64Array.from(ends), [rows, 1]),
    positions: new Value(
      'int32',
      Int32Array.from({ length }, (_, i) => i),
      [length],
    ),
  })
  const found = Object.fromEntries(
    Object.entries(values).map(([name, { data }]) => [name, Float32Array.from(data as Float32Array)]),
  )
  await program.dispose()
  await clip.dispose()
  return found
}
