// The fine-tuning methods by name.

import { coop } from './coop/method.node.ts'
import { full } from './head/full.node.ts'
import { wiseFt } from './head/wise-ft.node.ts'
import { linearProbe } from './linear-probe.node.ts'
import { lora } from './lora/method.node.ts'
import type { Method } from './method.ts'
import { flyp } from './prompts/flyp.node.ts'
import { lit } from './prompts/lit.node.ts'
import { tipAdapter, tipAdapterF } from './tip-adapter/method.node.ts'

const table = {
  full,
  lora,
  flyp,
  'wise-ft': wiseFt,
  lit,
  'linear-probe': linearProbe,
  coop,
  'tip-adapter': tipAdapter,
  'tip-adapter-f': tipAdapterF,
} satisfies Record<string, Method>

/** The name of a fine-tuning method. */
export type MethodName = keyof typeof table

/** The fine-tuning methods by name. */
export const methods: Readonly<Record<MethodName, Method>> = table
