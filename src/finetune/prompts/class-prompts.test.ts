// What a frozen tower gives is the same whether it is computed in every step or once.

import { expect, it } from 'vitest'
import { randomModel } from '../../../test/random-model.ts'
import { load } from '../../clip/load.node.ts'
import { createRandom } from '../../random.ts'
import { createRuntime } from '../../runtime/onnxruntime.node.ts'
import { openInitialModel } from '../../training/initial-model.node.ts'
import { setInitialValues } from '../../training/initial-values.ts'
import { createTrainer } from '../../training/step.ts'
import { zeroShotClassifier } from '../../zero-shot/prompt-ensemble.ts'
import { loraDefaults, type Tower } from '../lora/lora.ts'
import { loraAdaptation } from '../lora/method.node.ts'
import { classPrompts, type FrozenTowers } from './class-prompts.ts'

const config = {
  embed_dim: 16,
  vision_cfg: { image_size: 32, layers: 2, width: 64, patch_size: 16 },
  text_cfg: { context_length: 16, vocab_size: 49408, width: 16, heads: 1, layers: 2 },
}
const resnet = { ...config, vision_cfg: { image_size: 32, layers: [1, 1, 1, 1], width: 16, head_width: 64 } }
const [names, labels] = [['rose', 'tulip', 'daisy'], Int32Array.of(0, 2, 1, 0)]

async function prepared(given: object) {
  const folder = await randomModel(given)
  const clip = await load(folder, { threads: 1 })
  const model = await openInitialModel(folder)
  const random = createRandom('class prompts')
  const pixels = Uint8Array.from({ length: labels.length * 3 * 32 ** 2 }, () => random.integer(256))
  const pictures = Array.from(labels, (_, i) => {
    const planes = pixels.subarray(i * 3 * 32 ** 2, (i + 1) * 3 * 32 ** 2)
    const data = Uint8Array.from(planes, (_, at) => planes[(at % 3) * 32 ** 2 + Math.floor(at / 3)]!)
    return { data, width: 32, height: 32, channels: 3 as const }
  })
  const { data: embeddings } = await clip.encodeImage(pictures)
  const { weights } = await zeroShotClassifier(clip, names)
  const text = weights.map((x) => x / clip.logitScale)
  const ids = names.map((name) => [...clip.tokenizer.encode(`a photo of a ${name}.`)])
  const prompts = Array.from(labels, (label) => ids[label]!)

  /** Loss and gradients at the first step, B no longer zero. */
  async function step(towers: readonly Tower[], frozen: FrozenTowers) {
    const objective = classPrompts(ids, 1, clip.config, frozen)
    const adaptation = loraAdaptation({ ...loraDefaults, towers }, { objective })
    const { wrap, trained } = adaptation
    const optimizer = { beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0 }
    const runtime = createRuntime({ threads: 1 })
    const trainer = await createTrainer({ ...clip, runtime, objective, optimizer, wrap, trained })
    await setInitialValues(trainer.parameters, adaptation, model)
    for (const { name, from, to } of trainer.parameters.slots.values()) {
      const random = createRandom(name)
      if (name.endsWith('lora_B.weight')) for (let i = from; i < to; i++) trainer.parameters.values[i] = random.normal()
    }
    const given = { ids: prompts, labels, pixels: frozen.image ? new Uint8Array(0) : pixels }
    const { loss } = await trainer.backward({ ...given, ...(frozen.image && { embeddings }) })
    await trainer.dispose()
    return { loss, gradients: trainer.gradients.slice(), names: trainer.parameters.trained.names }
  }
  return { step, text, dispose: () => clip.dispose() }
}

const largest = (x: Float32Array): number => x.reduce((most, value) => Math.max(most, Math.abs(value)), 0)

it.each([
  ['a Vision Transformer', config],
  ['a ResNet', resnet],
])('%s: computed once or in every step, the loss and the gradients are the same', async (_, given) => {
  const { step, text, dispose } = await prepared(given)
  for (const [towers, frozen] of [[['text'], { image: true }] as const, [['image'], { text }] as const]) {
    const [whole, once] = [await step(towers, {}), await step(towers, frozen)]
    expect(once.names).toEqual(whole.names)
    expect(once.names.length).toBeGreaterThan(0)
    expect(once.loss / whole.loss).toBeCloseTo(1, 5)
    expect(largest(whole.gradients)).toBeGreaterThan(1e-4)
    const difference = whole.gradients.map((x, i) => x - once.gradients[i]!)
    expect(largest(difference) / largest(whole.gradients)).toBeLessThan(1e-4)
  }
  await dispose()
})
