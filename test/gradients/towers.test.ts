// Every parameter's gradient of the contrastive loss against PyTorch, for tiny encoders of each kind
// (fixtures/make/gradients.py).

import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Tensor as Value } from 'onnxruntime-common'
import { describe, expect, it } from 'vitest'
import { load } from '../../src/clip/load.node.ts'
import { gradients } from '../../src/graph/gradient.ts'
import { toOnnx } from '../../src/graph/onnx.ts'
import { collectStages } from '../../src/graph/scope.ts'
import { input } from '../../src/graph/tensor.ts'
import { encodeImage, encodeText } from '../../src/model/clip.ts'
import { Parameters } from '../../src/model/parameters.ts'
import { infoNce } from '../../src/objectives/contrastive.ts'
import { expectAsGolden, readAll, type Stored } from '../golden.ts'
import * as tolerance from '../tolerances.ts'

const fixtures = fileURLToPath(new URL('../../fixtures', import.meta.url))
const models = {
  'openai-vit': 'openai-vit/model.safetensors',
  'openai-resnet': 'openai-resnet/model.safetensors',
  'open_clip-average': 'open_clip-average',
}
/** Of a large tensor, the golden file stores every seventh element, and the norm of the whole. */
const every = 7

/**
 * One training step's loss, gradients and running statistics, by the names of the golden file. The parameters are inputs
 * of the graph.
 */
async function step(model: string, golden: Map<string, Stored>): Promise<Map<string, Float32Array>> {
  const { config, runtime, dispose } = await load(model)
  const stored = await readAll(model.endsWith('.safetensors') ? model : join(model, 'open_clip_model.safetensors'))
  const leaves = new Map([...stored].map(([name, { shape }]) => [name, input(name, 'float32', shape)]))
  const parameters = new Parameters((name) => leaves.get(name))
  const named = (kind: string): string[] =>
    [...golden.keys()]
      .filter((key) => key.startsWith(kind) && !key.endsWith('/norm'))
      .map((key) => key.slice(kind.length))

  const { imageSize } = config.image!
  const { result: loss, stages } = collectStages(() => {
    const image = input('image', 'float32', ['batch', 3, imageSize, imageSize])
    const text = {
      ids: input('ids', 'int32', ['batch', 'length']),
      end: input('end', 'int64', ['batch', 1]),
      positions: input('positions', 'int32', ['length']),
    }
    return infoNce(
      encodeImage(parameters, image, config, { training: true }),
      encodeText(parameters, text, config),
      parameters.get('logit_scale'),
    )
  })
  const trained = named('gradient/')
  const found = gradients(
    loss,
    trained.map((name) => leaves.get(name)!),
  )
  const graph = Object.fromEntries([
    ['loss', loss],
    ...trained.map((name, i) => [`gradient/${name}`, found[i]!]),
    ...named('buffer/').map((name) => [`buffer/${name}`, stages.get(name)!]),
  ])

  const [image, ids] = [golden.get('image')!, golden.get('ids')!]
  const [rows, length] = ids.shape as [number, number]
  const ends = Array.from({ length: rows }, (_, i) => {
    const row = [...ids.data.subarray(i * length, (i + 1) * length)]
    return BigInt(row.indexOf(Math.max(...row)))
  })
  const program = await runtime.compile(graph)
  const { inputs } = toOnnx(graph, (file) => file)
  const read = [...stored].filter(([name]) => inputs.has(name))
  const values = await program.run({
    ...Object.fromEntries(read.map(([name, { data, shape }]) => [name, new Value('float32', data, shape)])),
    image: new Value('float32', image.data, image.shape),
    ids: new Value('int32', Int32Array.from(ids.data), ids.shape),
    end: new Value('int64', BigInt64Array.from(ends), [rows, 1]),
    positions: new Value(
      'int32',
      Int32Array.from({ length }, (_, i) => i),
      [length],
    ),
  })
  await program.dispose()
  await dispose()
  return new Map(Object.entries(values).map(([name, { data }]) => [name, data as Float32Array]))
}

describe.each(Object.entries(models))('%s', (name, model) => {
  it('has every gradient of a training step', async () => {
    const golden = await readAll(join(fixtures, 'gradients', `${name}.safetensors`))
    const found = await step(join(fixtures, 'parity', model), golden)

    expect(found.get('loss')![0]! / golden.get('loss')!.data[0]!).toBeCloseTo(1, 5)
    const compared = [...golden.keys()].filter((key) => /^(gradient|buffer)\//.test(key) && !key.endsWith('/norm'))
    expect([...found.keys()].sort()).toEqual(['loss', ...compared].sort())
    expectAsGolden(found, golden, { kinds: ['gradient/', 'buffer/'], every, within: tolerance.gradient })
  })
})
