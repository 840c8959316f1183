// What each parameter begins with, before the first step.

import { UsageError } from '../errors.ts'
import type { ClipConfig } from '../model/config.ts'
import { initialize } from '../model/initialize.ts'
import { createRandom } from '../random.ts'
import type { Adaptation } from './adaptation.ts'
import type { Trainer } from './step.ts'

/** A model that a run begins with. */
interface Starting {
  config: ClipConfig
  read(name: string): Promise<Float32Array | undefined>
}

/** The method's own, else from the checkpoint, else drawn, each from the seed and its own name. */
export async function setInitialValues(
  { parameters }: Trainer,
  adaptation: Adaptation,
  { model, adaptation: given, seed = 0 }: { model: Starting; adaptation?: Adaptation | undefined; seed?: number },
): Promise<void> {
  for (const { name, shape, from, to } of parameters.slots.values()) {
    // A method's parameters are its own; an objective's are only where the checkpoint has none.
    const own = given?.initial?.(name, shape)
    const read = own ?? (await model.read(name))
    if (read && read.length !== to - from) {
      throw new UsageError(`parameter ${name}: expected [${shape}], found ${read.length} numbers in the checkpoint`)
    }
    const drawn = () => initialize(name, shape, model.config, createRandom(seed, name))
    parameters.values.set(read ?? adaptation.initial?.(name, shape) ?? drawn(), from)
  }
}
