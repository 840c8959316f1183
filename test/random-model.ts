// A small model with CLIP's own vocabulary and random weights, in a folder as open_clip publishes its own.

import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TensorToWrite, writeSafetensors } from '../src/checkpoint/write.node.ts'
import { replaceFile } from '../src/files/atomic.node.ts'
import { fromOpenClip, openClipConfig } from '../src/formats/open-clip.ts'
import { openaiPreprocessing } from '../src/formats/openai.ts'
import { wholeConfig } from '../src/formats/whole-config.ts'
import { encodeImage, encodeText } from '../src/model/clip.ts'
import { initialize } from '../src/model/initialize.ts'
import { exampleInputs } from '../src/objectives/inputs.ts'
import { createRandom } from '../src/random.ts'
import { declareParameters } from '../src/training/parameters.ts'

export const smallVit = {
  embed_dim: 32,
  vision_cfg: { image_size: 64, layers: 6, width: 128, patch_size: 8 },
  text_cfg: { context_length: 16, vocab_size: 49408, width: 128, heads: 2, layers: 3 },
}

/** @returns the folder */
export async function randomModel(modelConfig: object = smallVit): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'typeclip-model-'))
  const config = fromOpenClip(modelConfig, 'the random model')
  const { parameters, leaves } = declareParameters()
  const { image, text } = exampleInputs(config)
  encodeImage(parameters, image, config)
  encodeText(parameters, text, config)
  parameters.get('logit_scale')
  const tensors = new Map<string, TensorToWrite>()
  for (const [name, { shape }] of leaves) {
    const numbers = [...shape] as number[]
    const bytes = async () =>
      new Uint8Array(initialize(name, numbers, config, createRandom(7, name)).buffer as ArrayBuffer)
    tensors.set(name, { dtype: 'float32', shape: numbers, bytes })
  }
  await writeSafetensors(join(folder, 'open_clip_model.safetensors'), tensors, { metadata: { format: 'pt' } })
  const how = openaiPreprocessing(config.image!.imageSize)
  await replaceFile(
    join(folder, 'open_clip_config.json'),
    JSON.stringify(openClipConfig(wholeConfig(config, folder), how)),
  )
  return folder
}
