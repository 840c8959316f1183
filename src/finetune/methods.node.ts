// The methods by the names that the command line gives them.

import { coop } from './coop.node.ts'
import { flyp } from './flyp.node.ts'
import { full } from './full.node.ts'
import { linearProbe } from './linear-probe.node.ts'
import { lit } from './lit.node.ts'
import { lora } from './lora.node.ts'
import type { Method } from './method.ts'
import { tipAdapter, tipAdapterF } from './tip-adapter.node.ts'
import { wiseFt } from './wise-ft.node.ts'

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
