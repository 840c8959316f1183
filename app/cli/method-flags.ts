// Which of finetune's flags a method reads. A flag that it does not read is refused, not ignored.

import { UsageError } from 'typeclip/errors'
import type { FinetuneOptions } from 'typeclip/finetune'
import { spelled } from './shell/arguments.ts'

type Method = FinetuneOptions['method']

const withSteps: readonly Method[] = ['full', 'lora', 'flyp', 'wise-ft', 'lit']

/** By the table's names; flags that are not here apply to every method. */
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

/** Accepted with a notice, so that methods can be compared with the same flags; they have no effect without training steps. */
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
    throw new UsageError(`${spelled(name)} is only for --method ${methods.join(', ')}; the method is ${method}`)
  }
  const unused = withoutEpochs.includes(method) ? passedOver.filter(given) : []
  return unused.map((name) => `${spelled(name)} has no effect: ${method} has no training steps`)
}
