import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openCheckpoint } from '../checkpoint/open.node.ts'
import { writeSafetensors } from '../checkpoint/write.node.ts'
import { rank, scoresOf } from './classifier.ts'
import { readClassifier, writeClassifier } from './classifier-file.node.ts'

const newFolder = () => mkdtemp(join(tmpdir(), 'typeclip-'))
const classifier = {
  names: ['a "cat"', '狗'],
  weights: Float32Array.of(1, 2, 3, 4, 5, 6),
  bias: Float32Array.of(0.5, -1),
  normalize: false,
}

it('comes back as it was written, names in any script, also over an older one', async () => {
  const folder = await newFolder()
  await writeClassifier(folder, { names: ['x'], weights: Float32Array.of(1) })
  expect(await readClassifier(folder)).toEqual({
    names: ['x'],
    weights: Float32Array.of(1),
    bias: Float32Array.of(0),
  })
  await writeClassifier(folder, classifier)
  expect(await readClassifier(folder)).toEqual(classifier)
})

it('comes back with its cache, whose term is added to the scores', async () => {
  const cache = { keys: Float32Array.of(0, 1, 0, 0.6, 0.8, 0), values: Int32Array.of(1, 0), alpha: 2, beta: 3 }
  const cached = { names: ['a', 'b'], weights: new Float32Array(6), bias: Float32Array.of(0.5, -1), cache }
  const folder = await newFolder()
  await writeClassifier(folder, cached)
  const read = await readClassifier(folder)
  expect(read).toEqual(cached)
  const [a, b] = scoresOf(read!, Float32Array.of(0, 5, 0))
  expect(a).toBeCloseTo(0.5 + 2 * Math.exp(-3 * 0.2), 5)
  expect(b).toBeCloseTo(-1 + 2, 5)
  await writeClassifier(folder, { ...cached, cache: { ...cache, values: Int32Array.of(1, 2) } })
  await expect(readClassifier(folder)).rejects.toThrow('"cache.values" has class 2 of 2')
  await writeClassifier(folder, { ...cached, cache: { ...cache, alpha: Number.NaN } })
  await expect(readClassifier(folder)).rejects.toThrow('no numbers "alpha" and "beta"')
})

it('is nothing where the folder has none, or is no folder', async () => {
  expect(await readClassifier(await newFolder())).toBeUndefined()
  expect(await readClassifier('openai/clip-vit-base-patch32')).toBeUndefined()
})

it('does not stand in the way of the weights beside it', async () => {
  const folder = await newFolder()
  const tensor = { dtype: 'float32' as const, shape: [1], bytes: async () => new Uint8Array(4) }
  await writeSafetensors(join(folder, 'ViT.safetensors'), new Map([['visual.class_embedding', tensor]]))
  await writeClassifier(folder, classifier)
  expect([...(await openCheckpoint(folder)).tensors.keys()]).toEqual(['visual.class_embedding'])
})

it('is refused where names and weights do not fit, or it is something else', async () => {
  const folder = await newFolder()
  await writeClassifier(folder, { ...classifier, names: ['one', 'two'] })
  const tensor = { dtype: 'float32' as const, shape: [3, 1], bytes: async () => new Uint8Array(12) }
  const overwrite = true
  const file = join(folder, 'classifier.safetensors')
  await writeSafetensors(file, new Map([['weights', tensor]]), { overwrite, metadata: { names: '["a","b"]' } })
  await expect(readClassifier(folder)).rejects.toThrow('"weights" is [3,1]; expected [2, embedDim]')
  await writeSafetensors(file, new Map([['weights', tensor]]), { overwrite, metadata: { names: 'a, b' } })
  await expect(readClassifier(folder)).rejects.toThrow('"names" in its metadata')
  await writeFile(file, 'not weights')
  await expect(readClassifier(folder)).rejects.toThrow(file)
})

it('scores the embedding as it is where it says so, and the unit one otherwise', () => {
  const embedding = Float32Array.of(3, 0, 4)
  expect([...scoresOf(classifier, embedding)]).toEqual([15.5, 35])
  const [z] = scoresOf({ ...classifier, normalize: true }, embedding)
  expect(z).toBeCloseTo(3.5, 5)
  const [first] = rank(classifier, embedding, 1, 10)
  expect(first!.score).toBeCloseTo(1 / (1 + Math.exp(-1.95)), 5)
})
