// Loss, every gradient and the updated batch statistics, at the first training step of each objective, against PyTorch
// (fixtures/make/training.py).

import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Tensor as Value } from 'onnxruntime-common'
import { describe, expect, it } from 'vitest'
import { load } from '../../src/clip/load.node.ts'
import { gradients } from '../../src/graph/gradient.ts'
import { toOnnx } from '../../src/graph/onnx.ts'
import { input, type Tensor } from '../../src/graph/tensor.ts'
import { Parameters } from '../../src/model/parameters.ts'
import { type ObjectiveName, objectives } from '../../src/objectives/index.ts'
import { exampleInputs } from '../../src/objectives/inputs.ts'
import { exampleValues } from '../../src/training/collate.ts'
import { expectAsGolden, readAll, type Stored } from '../golden.ts'
import * as tolerance from '../tolerances.ts'

const fixtures = fileURLToPath(new URL('../../fixtures', import.meta.url))
const towers = ['vit', 'resnet']
/** Of a large tensor, the golden file stores every n-th element, and the norm of the whole. */
const every = 31

/** The first batch. */
async function firstBatch(tower: string) {
  const all = await readAll(join(fixtures, 'training', 'batches.safetensors'))
  const [pixels, ids, order] = [all.get(`${tower}/pixels`)!, all.get('ids')!, all.get('order')!]
  const rows = [...order.data.subarray(0, order.shape[1])]
  const row = ({ data, shape }: Stored, i: number) => {
    const width = data.length / shape[0]!
    return [...data.subarray(i * width, (i + 1) * width)]
  }
  return {
    pixels: Uint8Array.from(rows.flatMap((i) => row(pixels, i))),
    ids: rows.map((i) => row(ids, i)).map((caption) => caption.slice(0, caption.indexOf(Math.max(...caption)) + 1)),
  }
}

async function firstStep(tower: string, name: ObjectiveName, golden: Map<string, Stored>) {
  const model = join(fixtures, 'parity', `open_clip-${tower}`)
  const { config, preprocessing, runtime, dispose } = await load(model)
  const stored = await readAll(join(model, 'open_clip_model.safetensors'))
  for (const [key, tensor] of golden) {
    if (key.startsWith('initial/')) stored.set(key.slice('initial/'.length), tensor)
  }
  const leaves = new Map<string, Tensor>()
  const parameters = new Parameters((parameter, shape) => {
    const there = stored.has(parameter)
    if (there && shape && !leaves.has(parameter)) leaves.set(parameter, input(parameter, 'float32', shape))
    return leaves.get(parameter)
  })
  const objective = objectives[name]
  const loss = objective.loss(parameters, objective.features(parameters, exampleInputs(config), config))
  const trained = [...leaves.keys()].filter((parameter) => !parameter.includes('running_'))
  const found = gradients(
    loss,
    trained.map((parameter) => leaves.get(parameter)!),
  )
  const graph = { loss, ...Object.fromEntries(trained.map((parameter, i) => [`gradient/${parameter}`, found[i]!])) }
  const program = await runtime.compile(graph)
  const values: Record<string, Value> = {
    ...Object.fromEntries([...stored].map(([key, { data, shape }]) => [key, new Value('float32', data, shape)])),
    ...exampleValues(await firstBatch(tower), preprocessing),
  }
  const read = [...toOnnx(graph, (file) => file).inputs.keys()]
  const results = await program.run(Object.fromEntries(read.map((key) => [key, values[key]!])))
  await program.dispose()
  await dispose()
  return new Map(Object.entries(results).map(([key, { data }]) => [key, data as Float32Array]))
}

describe.each(towers)('%s', (tower) => {
  it.each(Object.keys(objectives) as ObjectiveName[])('has the loss and every gradient of %s', async (name) => {
    const golden = await readAll(join(fixtures, 'training', `${tower}-${name}.safetensors`))
    const found = await firstStep(tower, name, golden)
    expect(Math.abs(found.get('loss')![0]! / golden.get('losses')!.data[0]! - 1)).toBeLessThan(tolerance.loss)

    const compared = [...golden.keys()].filter((key) => key.startsWith('gradient/') && !key.endsWith('/norm'))
    expect([...found.keys()].sort()).toEqual(['loss', ...compared].sort())
    expectAsGolden(found, golden, { kinds: ['gradient/'], every, within: tolerance.gradient })
  })
})
