// OpenAI's own weights against numbers that were published with them (onnx_clip's test constants), where someone has
// the files: TYPECLIP_VIT_B_32 and TYPECLIP_RN50 name them (or a model's name, to download it).

import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { load } from '../../src/clip/load.node.ts'
import { similarity } from '../../src/clip/similarity.ts'

const golden = fileURLToPath(new URL('../../../shared/data/golden', import.meta.url))
const models = [
  { name: 'ViT-B/32', path: process.env.TYPECLIP_VIT_B_32 },
  { name: 'RN50', path: process.env.TYPECLIP_RN50 },
]

describe.skipIf(!existsSync(golden))('published numbers (../shared/data/golden)', () => {
  for (const { name, path } of models) {
    it.skipIf(!path)(`${name} has them`, async () => {
      const values = JSON.parse(readFileSync(`${golden}/openai-clip-values.json`, 'utf8'))
      const expected = values[name]
      const clip = await load(path)
      const photo = `${golden}/${values.image}`
      const image = await clip.encodeImage(photo)
      const text = await clip.encodeText(values.texts)
      for (let i = 0; i < 5; i++) {
        expect(image.data[i]).toBeCloseTo(expected.imageEmbedding.first5[i], 3)
        expect(text.data[i]).toBeCloseTo(expected.textEmbeddings.first5OfText0[i], 3)
      }
      const { logits } = await similarity(clip, photo, values.texts)
      for (const [i, logit] of expected.logitsPerImage.entries()) expect(logits[i]).toBeCloseTo(logit, 1)
      await clip.dispose()
    })
  }
})
