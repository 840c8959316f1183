import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { apart, readAll } from '../../test/golden.ts'
import * as tolerance from '../../test/tolerances.ts'
import { beforeProjection } from './before-projection.ts'
import { load } from './load.node.ts'

const fixture = (name: string) => fileURLToPath(new URL(`../../fixtures/parity/${name}`, import.meta.url))
const picture = fileURLToPath(new URL('../../examples/pictures/hat.jpg', import.meta.url))

it('gives what the projection makes the embedding of, and leaves the model as it was', async () => {
  const clip = await load(fixture('open_clip-vit'), { threads: 1 })
  const tower = beforeProjection(clip)
  const { data: before, shape } = await tower.encodeImage([picture])
  const [width, embedDim] = [32, 24]
  expect(shape).toEqual([1, width])
  const proj = (await readAll(join(fixture('open_clip-vit'), 'open_clip_model.safetensors'))).get('visual.proj')!.data
  const projected = Float32Array.from({ length: embedDim }, (_, i) =>
    before.reduce((sum, x, j) => sum + x * proj[j * embedDim + i]!, 0),
  )
  await expect(tower.encodeText('a hat')).rejects.toThrow('no text encoder')
  await tower.dispose()
  expect(apart((await clip.encodeImage([picture])).data, projected)).toBeLessThan(tolerance.unitEmbedding)
  await clip.dispose()
})

it('leaves a ResNet as it is: its attention pool ends in the embedding', async () => {
  const clip = await load(fixture('openai-resnet'), { threads: 1 })
  expect(beforeProjection(clip)).toBe(clip)
  await clip.dispose()
})
