// The fine-tuning methods by name, and their options.

import { UsageError } from '../errors.ts'
import { type CoopOptions, coop } from './coop/method.node.ts'
import { full } from './head/full.node.ts'
import { type WiseFtOptions, wiseFt } from './head/wise-ft.node.ts'
import { linearProbe } from './linear-probe.node.ts'
import { type LoraMethodOptions, lora } from './lora/method.node.ts'
import type { Method } from './method.ts'
import {
  type AugmentOption,
  type EpochOptions,
  isCommonOption,
  type LoopOptions,
  type MethodOption,
  type RecomputeOption,
} from './options.ts'
import { flyp } from './prompts/flyp.node.ts'
import { lit } from './prompts/lit.node.ts'
import { tipAdapter, tipAdapterF } from './tip-adapter/method.node.ts'

/** The options of each method beside `CommonOptions`. */
export interface MethodOptions {
  full: LoopOptions & AugmentOption
  'wise-ft': LoopOptions & AugmentOption & WiseFtOptions
  lora: LoopOptions & AugmentOption & LoraMethodOptions
  flyp: LoopOptions & AugmentOption
  lit: LoopOptions
  'linear-probe': Readonly<Record<never, never>>
  coop: EpochOptions & RecomputeOption & CoopOptions
  'tip-adapter': Readonly<Record<never, never>>
  'tip-adapter-f': EpochOptions
}

/** The name of a fine-tuning method. */
export type MethodName = keyof MethodOptions

const table: { readonly [Name in MethodName]: Method<MethodOptions[Name]> } = {
  full,
  'wise-ft': wiseFt,
  lora,
  flyp,
  lit,
  'linear-probe': linearProbe,
  coop,
  'tip-adapter': tipAdapter,
  'tip-adapter-f': tipAdapterF,
}

/** The fine-tuning methods by name. */
export const finetuneMethods: Readonly<Record<MethodName, Method>> = table

/** The options of a method, beside those of every method, as a command line needs them. */
export const optionsOf = (method: MethodName): Readonly<Record<string, MethodOption>> => table[method].options

/**
 * @param options of `finetune`
 * @returns what a user should know: options without effect
 * @throws UsageError for a method that does not exist, and for options of other methods
 */
export function checkOptions({
  method,
  ...options
}: {
  method: MethodName
  steps?: unknown
  epochs?: unknown
}): string[] {
  const names = Object.keys(table) as MethodName[]
  if (!names.includes(method)) {
    throw new UsageError(`there is no method '${method}'; there are ${names.join(', ')}`, { option: 'method' })
  }
  const own = optionsOf(method)
  const others = Object.entries(options)
    .filter(([name, value]) => value !== undefined && !isCommonOption(name) && !Object.hasOwn(own, name))
    .map(([name]) => name)
  const notices: string[] = []
  for (const name of others) {
    const readBy = names.filter((other) => Object.hasOwn(optionsOf(other), name))
    if (readBy.length === 0) throw new UsageError(`finetune has no option '${name}'`)
    if (!('epochs' in own) && withoutEffect.includes(name)) {
      notices.push(`\`${name}\` has no effect: ${method} has no training steps`)
      continue
    }
    throw new UsageError(`\`${name}\` is only for \`method\` ${readBy.join(', ')}; the method is ${method}`, {
      option: name,
    })
  }
  if (options.steps !== undefined && options.epochs !== undefined) {
    throw new UsageError('`steps` and `epochs` are two answers to the same question; give one', { option: 'steps' })
  }
  finetuneMethods[method].check?.(options)
  return notices
}

/** A method without training steps accepts these with a notice, so that methods can be compared with the same options. */
const withoutEffect = ['epochs', 'learningRate', 'batch']
