// A model that is a configuration alone, with weights as training would draw them: to be looked at, not to be used.

import { dirname } from 'node:path'
import { readJson } from '../files/json.node.ts'
import { fromHuggingFace, fromOpenClip } from '../formats/activations.ts'
import { openaiPreprocessing, preprocessingFromOpenClip } from '../formats/preprocessing.ts'
import { constant, type Tensor } from '../graph/tensor.ts'
import type { Preprocessing } from '../image/transform.ts'
import type { ClipConfig } from '../model/config.ts'
import { initialize } from '../model/initialize.ts'
import type { Lookup } from '../model/parameters.ts'
import { createRandom } from '../random.ts'
import type { Tokenizer } from '../tokenizer/tokenize.ts'
import { isConfiguration } from './model-folder.node.ts'
import { modelTokenizer } from './model-tokenizer.node.ts'

export interface RandomModel {
  config: ClipConfig
  preprocessing: Preprocessing
  tokenizer: () => Promise<Tokenizer>
  lookup: Lookup
  notices: string[]
}

/**
 * @param path open_clip's or Hugging Face's configuration (`*.json`)
 * @returns undefined for what is no configuration
 */
export async function randomModel(path: string, seed: number): Promise<RandomModel | undefined> {
  if (!/\.json$/i.test(path)) return undefined
  const json = await readJson(path)
  if (!isConfiguration(json)) return undefined
  const ofOpenClip = 'model_cfg' in json || 'vision_cfg' in json || 'text_cfg' in json
  const config = ofOpenClip ? fromOpenClip(json.model_cfg ?? json, path) : fromHuggingFace(json, path)
  const size = config.image?.imageSize ?? 224
  const made = new Map<string, Tensor>()
  return {
    config,
    preprocessing: json.preprocess_cfg
      ? preprocessingFromOpenClip(json.preprocess_cfg, size, path)
      : openaiPreprocessing(size),
    async tokenizer() {
      const vocabulary = config.text?.vocabularySize
      const naming = ofOpenClip ? 'open_clip' : 'hf'
      return (await modelTokenizer(dirname(path), { naming, configured: true, vocabulary, path })).tokenizer
    },
    notices: [
      `${path} is a configuration without weights: its weights are random (seed ${seed}), so its embeddings mean nothing.`,
    ],
    lookup(name, shape) {
      if (shape && !made.has(name)) {
        made.set(name, constant(initialize(name, [...shape], config, createRandom(seed, name)), shape))
      }
      return made.get(name)
    },
  }
}
