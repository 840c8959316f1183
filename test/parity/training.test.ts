// Ten training steps of every objective against PyTorch (fixtures/make/training.py): each loss, every gradient of the first
// step, every parameter after the tenth.

import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { openCheckpoint } from '../../src/checkpoint/open.node.ts'
import { readTensor } from '../../src/checkpoint/read.node.ts'
import { isBuffer } from '../../src/model/parameter-names.ts'
import { type ObjectiveName, objectives } from '../../src/objectives/index.ts'
import { createRuntime } from '../../src/runtime/onnxruntime.node.ts'
import type { Batch } from '../../src/training/collate.ts'
import { openInitialModel } from '../../src/training/initial-model.node.ts'
import { createTrainer, type Trainer } from '../../src/training/step.ts'
import * as tolerance from '../tolerances.ts'

const fixtures = fileURLToPath(new URL('../../fixtures', import.meta.url))
/** Of a tensor of more than 1,024 elements, the golden file stores every 31st. */
const [whole, every] = [1024, 31]

type Stored = { data: Float32Array; shape: number[] }

async function readAll(file: string): Promise<Map<string, Stored>> {
  const { tensors } = await openCheckpoint(join(fixtures, 'training', file))
  const all = new Map<string, Stored>()
  for (const [name, tensor] of tensors) {
    all.set(name, { data: Float32Array.from((await readTensor(tensor)) as ArrayLike<number>), shape: tensor.shape })
  }
  return all
}

async function batchesOf(tower: string): Promise<Batch[]> {
  const golden = await readAll('batches.safetensors')
  const [pixels, ids, order] = [`${tower}/pixels`, 'ids', 'order'].map((name) => golden.get(name)!) as [
    Stored,
    Stored,
    Stored,
  ]
  const [count, length] = ids.shape as [number, number]
  const area = pixels.data.length / count
  const end = Math.max(...ids.data)
  const caption = (i: number) => {
    const row = [...ids.data.subarray(i * length, (i + 1) * length)]
    return row.slice(0, row.indexOf(end) + 1)
  }
  const [steps, batch] = order.shape as [number, number]
  return Array.from({ length: steps }, (_, step) => {
    const rows = [...order.data.subarray(step * batch, (step + 1) * batch)]
    return {
      pixels: Uint8Array.from(rows.flatMap((i) => [...pixels.data.subarray(i * area, (i + 1) * area)])),
      ids: rows.map(caption),
    }
  })
}

async function trainerOf(tower: string, objective: ObjectiveName, golden: Map<string, Stored>): Promise<Trainer> {
  const model = await openInitialModel(join(fixtures, 'parity', `open_clip-${tower}`))
  const trainer = await createTrainer({
    runtime: createRuntime({ threads: 1 }),
    config: model.config,
    preprocessing: model.preprocessing,
    objective: objectives[objective],
    optimizer: { beta1: 0.9, beta2: 0.98, eps: 1e-6, weightDecay: 0.2 },
  })
  const { slots, values } = trainer.parameters
  for (const { name, from } of slots.values()) {
    values.set(golden.get(`initial/${name}`)?.data ?? (await model.read(name))!, from)
  }
  return trainer
}

const norm = (x: ArrayLike<number>): number => Math.sqrt(Array.from(x).reduce((sum, value) => sum + value * value, 0))

/** The range of the key's bias: its true gradient is zero, since a softmax ignores a constant added to all scores of a row. */
function keyBias(name: string, length: number): [number, number] {
  if (name.endsWith('k_proj.bias')) return [0, length]
  return name.endsWith('in_proj_bias') ? [length / 3, (2 * length) / 3] : [0, 0]
}

/** `‖ours − golden‖ / ‖golden‖` over the stored elements, without the key's bias. */
function compare(found: Float32Array, golden: Map<string, Stored>, key: string): number {
  const [from, to] = keyBias(key, found.length)
  if (to - from === found.length) return 0
  const length = golden.get(`${key}/norm`)
  if (length) expect(Math.abs(norm(found) / length.data[0]! - 1), key).toBeLessThan(tolerance.training)
  const kept = length ? found.filter((_, i) => i % every === 0) : found
  const { data } = golden.get(key)!
  const counts = (_: number, i: number) => i < from || i >= to || length !== undefined
  const difference = kept.map((value, i) => value - data[i]!).filter(counts)
  return norm(difference) / norm(data.filter(counts))
}

describe.each(['vit', 'resnet'])('%s', (tower) => {
  it.each(Object.keys(objectives) as ObjectiveName[])('%s trains as PyTorch does', async (objective) => {
    const golden = await readAll(`${tower}-${objective}.safetensors`)
    const trainer = await trainerOf(tower, objective, golden)
    const { slots, values, trained } = trainer.parameters
    const batches = await batchesOf(tower)
    const expected = golden.get('losses')!.data
    const rates = golden.get('rates')!.data
    for (const [i, batch] of batches.entries()) {
      const { loss } = await trainer.step(batch, { t: i + 1, learningRate: rates[i]! })
      expect(Math.abs(loss / expected[i]! - 1), `loss ${i + 1}`).toBeLessThan(tolerance.loss)
      if (i > 0) continue
      for (const name of trained.names) {
        const { from, to } = slots.get(name)!
        const g = trainer.gradients.subarray(from, to)
        const [key, end] = keyBias(name, g.length)
        for (const value of g.subarray(key, end)) expect(Math.abs(value), name).toBeLessThan(tolerance.zeroGradient)
        expect(compare(g, golden, `gradient/${name}`), `gradient of ${name}`).toBeLessThan(tolerance.training)
      }
    }
    for (const { name, from, to } of slots.values()) {
      const kind = isBuffer(name) ? 'buffer' : 'parameter'
      expect(compare(values.subarray(from, to), golden, `${kind}/${name}`), name).toBeLessThan(tolerance.training)
    }
    const known = [...golden.keys()].filter((key) => /^(parameter|buffer)\//.test(key) && !key.endsWith('/norm'))
    expect([...slots.keys()].sort()).toEqual(known.map((key) => key.slice(key.indexOf('/') + 1)).sort())
    expect(values.length).toBeGreaterThan(whole)
    await trainer.dispose()
  })
})
