// Every stage of both encoders against PyTorch, for tiny random checkpoints of every architecture and naming
// (fixtures/make/parity.py).

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Tensor as Value } from 'onnxruntime-common'
import { describe, expect, it } from 'vitest'
import { openCheckpoint } from '../../src/checkpoint/open.node.ts'
import { readTensor } from '../../src/checkpoint/read.node.ts'
import type { Clip } from '../../src/clip/clip.ts'
import { load } from '../../src/clip/load.node.ts'
import { collectStages } from '../../src/graph/scope.ts'
import { input, type Tensor } from '../../src/graph/tensor.ts'
import { clipLogits, encodeImage, encodeText } from '../../src/model/clip.ts'
import * as tolerance from '../tolerances.ts'

const fixtures = fileURLToPath(new URL('../../fixtures/parity', import.meta.url))
const cases = readdirSync(fixtures, { withFileTypes: true }).filter((entry) => entry.isDirectory())

interface Golden {
  data: ArrayLike<number>
  shape: number[]
}

async function readGolden(folder: string): Promise<Map<string, Golden>> {
  const { tensors } = await openCheckpoint(join(folder, 'golden.safetensors'))
  const golden = new Map<string, Golden>()
  for (const [name, tensor] of tensors) {
    golden.set(name, { data: (await readTensor(tensor)) as Float32Array, shape: tensor.shape })
  }
  return golden
}

/** Runs a graph with every stage as an output. */
async function runStages(clip: Clip, build: () => Tensor, feeds: Record<string, Value>): Promise<Map<string, Value>> {
  const { result, stages } = collectStages(build)
  const outputs = new Map([...stages, ['embedding', result] as const])
  const names = [...outputs.keys()]
  const program = await clip.runtime.compile(
    Object.fromEntries([...outputs.values()].map((tensor, i) => [`stage ${i}`, tensor])),
  )
  const values = await program.run(feeds)
  await program.dispose()
  return new Map(names.map((name, i) => [name, values[`stage ${i}`]!]))
}

function textFeeds({ data, shape }: Golden, clip: Clip): Record<string, Value> {
  const [rows, length] = shape as [number, number]
  const ids = Int32Array.from(data)
  const { pool, endId } = clip.config.text!
  const ends = Array.from({ length: rows }, (_, i) => {
    const row = ids.subarray(i * length, (i + 1) * length)
    return BigInt(row.indexOf(pool === 'argmax' ? Math.max(...row) : endId))
  })
  return {
    ids: new Value('int32', ids, [rows, length]),
    end: new Value('int64', BigInt64Array.from(ends), [rows, 1]),
    positions: new Value(
      'int32',
      Int32Array.from({ length }, (_, i) => i),
      [length],
    ),
  }
}

const textInputs = () => ({
  ids: input('ids', 'int32', ['batch', 'length']),
  end: input('end', 'int64', ['batch', 1]),
  positions: input('positions', 'int32', ['length']),
})

/** The largest difference, as a share of the largest value. */
function difference(found: Value, golden: Golden): number {
  const data = found.data as Float32Array
  let most = 0
  let scale = 0
  for (let i = 0; i < data.length; i++) {
    most = Math.max(most, Math.abs(data[i]! - golden.data[i]!))
    scale = Math.max(scale, Math.abs(golden.data[i]!))
  }
  return most / scale
}

describe.each(cases.map((entry) => entry.name))('%s', (name) => {
  const folder = join(fixtures, name)
  const model = name.startsWith('openai')
    ? join(folder, name.endsWith('-pt') ? 'model.pt' : 'model.safetensors')
    : folder

  it('gives every stage of the image encoder', async () => {
    const [clip, golden] = [await load(model), await readGolden(folder)]
    const { imageSize } = clip.config.image!
    const image = golden.get('image')!
    const build = (allPositions: boolean) => () =>
      encodeImage(clip.parameters, input('image', 'float32', ['batch', 3, imageSize, imageSize]), clip.config, {
        allPositions,
      })
    const feeds = { image: new Value('float32', image.data as Float32Array, image.shape) }
    const stages = await runStages(clip, build(true), feeds)
    const compared = compare(stages, golden, 'visual.')
    expect(compared).toBeGreaterThan(clip.config.image!.kind === 'modified-resnet' ? 5 : 12)
    expect(difference(stages.get('embedding')!, golden.get('image_embedding')!)).toBeLessThan(tolerance.stage)
    const fast = await runStages(clip, build(false), feeds)
    expect(difference(fast.get('embedding')!, golden.get('image_embedding')!)).toBeLessThan(tolerance.stage)
    await clip.dispose()
  })

  it('gives every stage of the text encoder', async () => {
    const [clip, golden] = [await load(model), await readGolden(folder)]
    const feeds = textFeeds(golden.get('ids')!, clip)
    const build = (allPositions: boolean) => () =>
      encodeText(clip.parameters, textInputs(), clip.config, { allPositions })
    const stages = await runStages(clip, build(true), feeds)
    expect(compare(stages, golden, '')).toBeGreaterThan(12)
    expect(difference(stages.get('embedding')!, golden.get('text_embedding')!)).toBeLessThan(tolerance.stage)
    const fast = await runStages(clip, build(false), feeds)
    expect(difference(fast.get('embedding')!, golden.get('text_embedding')!)).toBeLessThan(tolerance.stage)
    await clip.dispose()
  })

  it('gives the logits of every image with every text', async () => {
    const [clip, golden] = [await load(model), await readGolden(folder)]
    const image = golden.get('image')!
    const inputs = input('image', 'float32', ['batch', ...image.shape.slice(1)])
    const build = () => clipLogits(clip.parameters, inputs, textInputs(), clip.config)
    const feeds = {
      image: new Value('float32', image.data as Float32Array, image.shape),
      ...textFeeds(golden.get('ids')!, clip),
    }
    const logits = (await runStages(clip, build, feeds)).get('embedding')!
    expect(logits.dims).toEqual(golden.get('logits')!.shape)
    expect(difference(logits, golden.get('logits')!)).toBeLessThan(tolerance.stage)
    await clip.dispose()
  })

  it('gives the logit scale', async () => {
    const [clip, golden] = [await load(model), await readGolden(folder)]
    expect(clip.logitScale).toBeCloseTo(golden.get('scale')!.data[0]!, 4)
    await clip.dispose()
  })
})

/** Compares the stages that both sides have under one name and shape; returns how many there were. */
function compare(stages: Map<string, Value>, golden: Map<string, Golden>, prefix: string): number {
  let compared = 0
  for (const [name, expected] of golden) {
    const found = stages.get(name)
    if (!found || !name.startsWith(prefix) || found.dims.join() !== expected.shape.join()) continue
    expect(difference(found, expected), name).toBeLessThan(tolerance.stage)
    compared++
  }
  return compared
}
