// A config without weights as a model with random ones, initialised as for training: to look at, not to use.

import { dirname } from 'node:path'
import { readJsonIfThere } from '../files/json.node.ts'
import { isConfig, isOpenClipConfig } from '../formats/families.ts'
import { fromHuggingFace } from '../formats/hugging-face.ts'
import { fromOpenClip, preprocessingFromOpenClip } from '../formats/open-clip.ts'
import { constant, type Tensor } from '../graph/tensor.ts'
import type { Preprocessing } from '../image/transform.ts'
import type { ClipConfig } from '../model/config.ts'
import { initialize } from '../model/initialize.ts'
import type { Lookup } from '../model/parameters.ts'
import { createRandom } from '../random.ts'
import type { Tokenizer } from '../tokenizer/tokenize.ts'
import { modelTokenizer } from './model-tokenizer.node.ts'
import { type Tower, withTowers } from './open.node.ts'

export interface RandomModel {
  config: ClipConfig
  preprocessing: Preprocessing
  tokenizer: () => Promise<Tokenizer>
  lookup: Lookup
  notices: string[]
}

/**
 * @param path open_clip's or Hugging Face's configuration (`*.json`)
 * @returns undefined if the file is not a config
 */
export async function randomModel(
  path: string,
  seed: number,
  towers?: readonly Tower[],
): Promise<RandomModel | undefined> {
  if (!/\.json$/i.test(path)) return undefined
  const json = await readJsonIfThere(path)
  if (!isConfig(json)) return undefined
  const ofOpenClip = isOpenClipConfig(json)
  const config = ofOpenClip ? fromOpenClip(json, path) : fromHuggingFace(json, path)
  const size = config.image?.imageSize ?? 224
  const made = new Map<string, Tensor>()
  return {
    config: withTowers(config, towers, path),
    preprocessing: preprocessingFromOpenClip(json, size, path),
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
