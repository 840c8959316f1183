// Full-size random models in all three formats against PyTorch, where fixtures/make/full_size.py has put them.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openCheckpoint } from '../../src/checkpoint/open.node.ts'
import { readTensor } from '../../src/checkpoint/read.node.ts'
import { unit } from '../../src/clip/embeddings.ts'
import { load } from '../../src/clip/load.node.ts'
import * as tolerance from '../tolerances.ts'

const folder = process.env.TYPECLIP_FULL_SIZE ?? ''
const models = ['ViT-B-32', 'ViT-L-14', 'RN50', 'RN50x4'].flatMap((model) =>
  ['openai.pt', 'open_clip', 'hf'].map((format) => ({ model, format, path: join(folder, model, format) })),
)
const here = models.filter(({ path }) => folder && existsSync(path))
const report: string[] = []

describe.skipIf(here.length === 0)('full-size models (TYPECLIP_FULL_SIZE)', () => {
  it.each(here)('$model as $format', { timeout: 600_000 }, async ({ model, format, path }) => {
    const { tensors } = await openCheckpoint(join(folder, model, 'expected.safetensors'))
    const read = async (name: string) => (await readTensor(tensors.get(name)!)) as Float32Array
    const [count, size] = tensors.get('pictures')!.shape as [number, number]
    const bytes = (await readTensor(tensors.get('pictures')!)) as unknown as Uint8Array
    const texts: string[] = JSON.parse(readFileSync(join(folder, model, 'texts.json'), 'utf8'))
    const clip = await load(path, { activation: 'quickgelu' })
    const area = size * size * 3
    const pictures = Array.from({ length: count }, (_, i) => ({
      data: bytes.slice(i * area, (i + 1) * area),
      width: size,
      height: size,
      channels: 3 as const,
    }))
    const width = clip.config.embedDim
    const rows = (data: Float32Array) =>
      Array.from({ length: data.length / width }, (_, i) => unit(data.subarray(i * width, (i + 1) * width)))
    const ours = {
      image: rows((await clip.encodeImage(pictures)).data),
      text: rows((await clip.encodeText(texts)).data),
    }
    const theirs = { image: rows(await read('image')), text: rows(await read('text')) }
    await clip.dispose()
    const difference = (['image', 'text'] as const).map((tower) =>
      Math.max(...ours[tower].map((row, i) => Math.max(...row.map((x, c) => Math.abs(x - theirs[tower][i]![c]!))))),
    )
    const best = (from: Float32Array[], to: Float32Array[]) =>
      from.map((a) => {
        const scores = to.map((b) => a.reduce((sum, x, c) => sum + x * b[c]!, 0))
        return scores.indexOf(Math.max(...scores))
      })
    report.push(
      `${model} ${format}: max |Δ| of unit embeddings: image ${difference[0]!.toExponential(1)}, text ${difference[1]!.toExponential(1)}; top-1 over ${count * texts.length} pairs the same`,
    )
    expect(Math.max(...difference)).toBeLessThanOrEqual(tolerance.unitEmbedding)
    expect(best(ours.image, ours.text)).toEqual(best(theirs.image, theirs.text))
    expect(best(ours.text, ours.image)).toEqual(best(theirs.text, theirs.image))
  })
  afterAll(() => console.log(report.join('\n')))
})
