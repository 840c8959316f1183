// LoRA as a method (Hu et al. 2021; CLIP-LoRA's recipe, Zanella & Ben Ayed 2024): low-rank matrices in both encoders, trained by
// cross-entropy over the classes' prompts; saved merged into the model, and as a PEFT adapter beside it.

import { UsageError } from '../../errors.ts'
import type { ClipConfig } from '../../model/config.ts'
import type { Tokenizer } from '../../tokenizer/tokenize.ts'
import type { Adaptation } from '../../training/adaptation.ts'
import { tokenizeCaptions } from '../../training/collate.ts'
import { promptsOf } from '../../zero-shot/prompt-ensemble.ts'
import { embeddingsByKey } from '../features.node.ts'
import type { Method, Task } from '../method.ts'
import { type AugmentOption, augmentOption, type LoopOptions, loopOptions, type OptionTable } from '../options.ts'
import { classPrompts, type FrozenTowers } from '../prompts/class-prompts.ts'
import { trained } from '../training-loop.node.ts'
import {
  addLora,
  initialLora,
  isLora,
  type LoraOptions,
  type LoraScaling,
  type LoraTarget,
  loraDefaults,
  loraTargets,
  type Tower,
  withLora,
} from './lora.ts'
import { writeAdapter } from './peft.node.ts'

/** LoRA over any objective. @param base the base model's name for PEFT's files */
export function loraAdaptation(
  options: LoraOptions,
  {
    objective,
    classes,
    seed = 0,
    base = '',
  }: Pick<Adaptation, 'objective' | 'classes'> & { seed?: number | undefined; base?: string | undefined },
): Adaptation {
  return {
    name: 'lora',
    objective,
    classes,
    settings: { lora: options },
    wrap: withLora(options),
    trained: isLora,
    initial: (name, shape) => initialLora(name, shape, seed),
    own: isLora,
    merged: (name, values) => addLora(name, values(name), values, options),
    async save(folder, values, matrices) {
      const tensors = new Map(
        matrices.map((name) => {
          const data = values(name)
          const other = data.length / options.rank
          const shape = name.endsWith('lora_A.weight') ? [options.rank, other] : [other, options.rank]
          return [name, { data, shape }] as const
        }),
      )
      await writeAdapter(folder, { options, tensors }, base)
    },
  }
}

/** The loss over the prompts of a task's classes. */
export const promptObjective = (
  { words, templates }: Pick<Task, 'words' | 'templates'>,
  tokenizer: Tokenizer,
  config: ClipConfig,
  frozen: FrozenTowers = {},
) =>
  classPrompts(tokenizeCaptions(promptsOf(words, templates), tokenizer, config.text!), templates.length, config, frozen)

/**
 * CLIP-LoRA uses a rate of 2e-4 over 500 steps per image of a class. Runs are shorter here, with a higher rate, so that the sum
 * of the rates equals that of its runs with two images per class.
 */
const recipe = { learningRate: 1e-3, weightDecay: 0.01, epochs: 10, batch: 32, leastSteps: 200 }

/** Options of the method `lora`. */
export type LoraMethodOptions = { [Name in keyof LoraOptions]?: LoraOptions[Name] | undefined }

const options: OptionTable<LoraMethodOptions> = {
  alpha: { type: 'number', value: 'X', help: `α, default ${loraDefaults.alpha}` },
  rank: { type: 'count', value: 'N', help: `rank of the matrices. Default: ${loraDefaults.rank}` },
  scaling: {
    type: 'text',
    value: 'S',
    choices: ['standard', 'rank-stabilised'] satisfies LoraScaling[],
    help: 'α/r (standard) or α/√r. Default: rank-stabilised, as CLIP-LoRA',
  },
  targets: {
    type: 'text',
    value: 'T,…',
    read: targetsOf,
    help: `any of ${loraTargets.join(', ')}. Default: ${loraDefaults.targets}`,
  },
  towers: {
    type: 'text',
    value: 'T',
    choices: ['image', 'text', 'both'],
    read: (tower) => (tower === 'both' ? undefined : [tower]),
    help: 'encoders to adapt. Default: both',
  },
}

/** `q,k,v` as a list. */
function targetsOf(text: string): LoraTarget[] {
  const found = text.split(',').map((part) => part.trim())
  const wrong = found.find((part) => !loraTargets.includes(part as LoraTarget))
  if (wrong === undefined) return loraTargets.filter((target) => found.includes(target))
  throw new UsageError(`\`targets\` takes a list of ${loraTargets.join(', ')}; found '${wrong}'`, { option: 'targets' })
}

export const lora: Method<LoopOptions & AugmentOption & LoraMethodOptions> = {
  summary: 'low-rank matrices beside the weights of both encoders; saved merged, and as a PEFT adapter',
  defaults: recipe,
  options: { ...loopOptions, ...augmentOption, ...options },
  async *run(task) {
    const { clip, settings, classes, zeroShot } = task
    const options: LoraOptions = {
      rank: settings.rank ?? loraDefaults.rank,
      alpha: settings.alpha ?? loraDefaults.alpha,
      scaling: settings.scaling ?? loraDefaults.scaling,
      targets: settings.targets ?? loraDefaults.targets,
      towers: settings.towers ?? loraDefaults.towers,
    }
    const learns = (tower: Tower) => options.towers.includes(tower)
    const objective = promptObjective(task, clip.tokenizer, clip.config, {
      image: !learns('image'),
      text: learns('text') ? undefined : zeroShot.weights.map((x) => x / clip.logitScale),
    })
    const seed = settings.seed ?? 0
    const adaptation = loraAdaptation(options, { objective, classes, seed, base: clip.name })
    if (learns('image')) return yield* trained(task, adaptation, recipe)
    const embeddings = embeddingsByKey([await task.features('train'), await task.features('val')])
    return yield* trained(task, { ...adaptation, embeddings }, recipe)
  },
}
