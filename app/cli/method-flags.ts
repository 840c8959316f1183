// Which of finetune's flags a method reads: one that it does not is a misunderstanding, and better told than passed over.

import { UsageError } from 'typeclip/errors'
import type { FinetuneOptions } from 'typeclip/finetune'
import { spelled } from './arguments.ts'

type Method = FinetuneOptions['method']

const withSteps: readonly Method[] = ['full', 'lora', 'flyp', 'wise-ft', 'lit']

/** By the table's names; a flag that is not here is every method's. */
const readBy: Readonly<Record<string, readonly Method[]>> = {
  steps: withSteps,
  warmup: withSteps,
  clipGrad: withSteps,
  chunk: withSteps,
  layerDecay: withSteps,
  judgements: withSteps,
  patience: withSteps,
  recompute: [...withSteps, 'coop'],
  weightDecay: [...withSteps, 'coop', 'tip-adapter-f'],
  noAugment: ['full', 'lora', 'flyp', 'wise-ft'],
  alpha: ['wise-ft', 'lora'],
  rank: ['lora'],
  scaling: ['lora'],
  targets: ['lora'],
  towers: ['lora'],
  context: ['coop'],
  contextWords: ['coop'],
}

/** Given to every method by whoever compares them, and without a meaning for those that train nothing step by step. */
const passedOver = ['epochs', 'lr', 'batch']
const withoutEpochs: readonly Method[] = ['linear-probe', 'tip-adapter']

/**
 * @param values as parsed, by the table's names
 * @returns what a user should know: flags that change nothing
 * @throws UsageError for a flag of other methods
 */
export function checkMethodFlags(method: Method, values: Readonly<Record<string, unknown>>): string[] {
  const given = (name: string) => values[name] !== undefined && values[name] !== false
  for (const [name, methods] of Object.entries(readBy)) {
    if (!given(name) || methods.includes(method)) continue
    throw new UsageError(`${spelled(name)} is read by --method ${methods.join(', ')}, and the method is ${method}`)
  }
  const unused = withoutEpochs.includes(method) ? passedOver.filter(given) : []
  return unused.map((name) => `${spelled(name)} changes nothing: ${method} has no steps to train`)
}
