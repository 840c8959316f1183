// Models with an adapter's product added to their weights (LoRA, Hu et al. 2021, §4.1: no latency is left of it), or taken
// from them again.

import { readdir } from 'node:fs/promises'
import { CheckpointError, UsageError } from '../errors.ts'
import type { LoadOptions } from '../load.node.ts'
import type { Activation } from '../model/config.ts'
import { type InitialModel, openInitialModel } from '../training/initial-model.node.ts'
import { writeModel } from '../training/saved-model.node.ts'
import { type Adapter, readAdapter } from './adapter.node.ts'
import { adaptedBy, addLora } from './lora.ts'

/** A model with an adapter's product in its weights: `W + s · B A`. Nothing is written; `writeModel` does. */
export const mergeAdapter = (model: InitialModel, adapter: Adapter): InitialModel => changed(model, adapter, 1)

/** The model that an adapter was merged into: `W − s · B A`, to rounding. */
export const unmergeAdapter = (model: InitialModel, adapter: Adapter): InitialModel => changed(model, adapter, -1)

/**
 * Writes a model with an adapter in its weights, or, of one that has it, without, as open_clip lays it out.
 *
 * @param model as `load` takes it
 * @throws UsageError for a folder that holds something, CheckpointError for an adapter that does not fit
 */
export async function writeMerged(
  folder: string,
  model: string,
  adapter: string,
  options: Pick<LoadOptions, 'signal' | 'onProgress' | 'onWait'> & {
    unmerge?: boolean
    overwrite?: boolean
    activation?: Activation | undefined
  } = {},
): Promise<void> {
  const { unmerge = false, overwrite = false, ...more } = options
  const found = await readdir(folder).catch(() => [])
  if (found.length > 0 && !overwrite)
    throw new UsageError(`${folder} is not empty; choose another folder, or write over it with \`overwrite\``)
  const given = await readAdapter(adapter)
  const base = await openInitialModel(model, more)
  checkFit(given, base, adapter)
  await writeModel(folder, { model: unmerge ? unmergeAdapter(base, given) : mergeAdapter(base, given) })
}

/** @throws CheckpointError for matrices that are of another model */
function checkFit({ tensors, options }: Adapter, { shapes }: InitialModel, where: string): void {
  const found = [...shapes].flatMap(([name, shape]) =>
    adaptedBy(name, options).map((part) => ({ ...part, name, shape })),
  )
  for (const { a, b, of, name, shape } of found) {
    const [rows, width] = shape as [number, number]
    const [ofA, ofB] = [tensors.get(a)?.shape[1], tensors.get(b)?.shape[0]]
    if ((ofA !== undefined && ofA !== width) || (ofB !== undefined && ofB !== rows / of)) {
      throw new CheckpointError(
        `${where}: its matrices for ${name} make [${ofB}, ${ofA}], and the model's is [${rows / of}, ${width}]; it is an adapter of another model`,
      )
    }
  }
  const places = new Set(found.flatMap(({ a, b }) => [a, b]))
  const over = [...tensors.keys()].find((name) => !places.has(name))
  if (over) throw new CheckpointError(`${where}: the model has no place for ${over}; it is an adapter of another model`)
}

function changed(model: InitialModel, { options, tensors }: Adapter, sign: 1 | -1): InitialModel {
  const valuesOf = (name: string): Float32Array => {
    const found = tensors.get(name)
    if (!found) throw new CheckpointError(`adapter: '${name}' is missing, and the adapter's other matrices ask for it`)
    return found.data
  }
  return {
    ...model,
    async read(name) {
      const base = await model.read(name)
      return base && (addLora(name, base, valuesOf, options, sign) ?? base)
    },
  }
}
