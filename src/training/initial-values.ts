// The value of each parameter before the first step.

import { UsageError } from '../errors.ts'
import type { ClipConfig } from '../model/config.ts'
import { initialize } from '../model/initialize.ts'
import { createRandom } from '../random.ts'
import type { Adaptation } from './adaptation.ts'
import type { ParameterArrays } from './parameters.ts'

interface StartingModel {
  config: ClipConfig
  read(name: string): Promise<Float32Array | undefined>
}

/** The adaptation's value, else the checkpoint's, else the adaptation's default, else random, from the seed and the name. */
export async function setInitialValues(
  { slots, values }: ParameterArrays,
  adaptation: Pick<Adaptation, 'initial' | 'defaultInitial'>,
  model: StartingModel,
  seed = 0,
): Promise<void> {
  for (const { name, shape, from, to } of slots.values()) {
    const initial =
      adaptation.initial?.(name, shape) ??
      (await model.read(name)) ??
      adaptation.defaultInitial?.(name, shape) ??
      initialize(name, shape, model.config, createRandom(seed, name))
    if (initial.length !== to - from) {
      throw new UsageError(`parameter ${name}: expected [${shape}], found ${initial.length} numbers in the checkpoint`)
    }
    values.set(initial, from)
  }
}
