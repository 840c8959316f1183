// Merges a LoRA adapter into a model's weights (Hu et al. 2021, §4.1: no inference latency), or removes it again.

import { readdir } from 'node:fs/promises'
import type { LoadOptions } from '../../clip/load.node.ts'
import { CheckpointError, UsageError } from '../../errors.ts'
import type { Activation } from '../../model/config.ts'
import { type InitialModel, openInitialModel } from '../../training/initial-model.node.ts'
import { writeModel } from '../../training/run/saved-model.node.ts'
import { adaptedBy, addLora } from './lora.ts'
import { type Adapter, readAdapter } from './peft.node.ts'

/** The model with the adapter merged: `W + s · B A`. Writes nothing; see `writeMerged`. */
export const mergeAdapter = (model: InitialModel, adapter: Adapter): InitialModel => changed(model, adapter, 1)

/** The model without a merged adapter: `W − s · B A`, up to rounding. */
export const unmergeAdapter = (model: InitialModel, adapter: Adapter): InitialModel => changed(model, adapter, -1)

/**
 * Merges a LoRA adapter into a model (or, with `unmerge`, removes it) and writes an open_clip folder.
 *
 * @param model as for `load`
 * @throws UsageError for a folder that is not empty, CheckpointError for an adapter that does not fit the model
 */
export async function writeMerged(
  folder: string,
  model: string,
  adapter: string,
  options: Pick<LoadOptions, 'signal' | 'onProgress' | 'onWait'> & {
    unmerge?: boolean | undefined
    overwrite?: boolean | undefined
    activation?: Activation | undefined
  } = {},
): Promise<void> {
  const { unmerge = false, overwrite = false, ...more } = options
  const files = await readdir(folder).catch(() => [])
  if (files.length > 0 && !overwrite)
    throw new UsageError(`${folder} is not empty; choose another folder, or write over it with \`overwrite\``)
  const opened = await readAdapter(adapter)
  const base = await openInitialModel(model, more)
  checkFit(opened, base, adapter)
  await writeModel(folder, { model: unmerge ? unmergeAdapter(base, opened) : mergeAdapter(base, opened) })
}

/** @throws CheckpointError for matrices that do not fit the model */
function checkFit({ tensors, options }: Adapter, { shapes }: InitialModel, where: string): void {
  const targets = [...shapes].flatMap(([name, shape]) =>
    adaptedBy(name, options).map((part) => ({ ...part, name, shape })),
  )
  for (const { a, b, of, name, shape } of targets) {
    const [rows, width] = shape as [number, number]
    const [ofA, ofB] = [tensors.get(a)?.shape[1], tensors.get(b)?.shape[0]]
    if ((ofA !== undefined && ofA !== width) || (ofB !== undefined && ofB !== rows / of)) {
      throw new CheckpointError(
        `${where}: its matrices for ${name} make [${ofB}, ${ofA}], and the model's is [${rows / of}, ${width}]; it is an adapter of another model`,
      )
    }
  }
  const expected = new Set(targets.flatMap(({ a, b }) => [a, b]))
  const surplus = [...tensors.keys()].find((name) => !expected.has(name))
  if (surplus) {
    throw new CheckpointError(`${where}: the model has no place for ${surplus}; it is an adapter of another model`)
  }
}

function changed(model: InitialModel, { options, tensors }: Adapter, sign: 1 | -1): InitialModel {
  const valuesOf = (name: string): Float32Array => {
    const tensor = tensors.get(name)
    if (!tensor) throw new CheckpointError(`adapter: '${name}' is missing, but other matrices of the adapter need it`)
    return tensor.data
  }
  return {
    ...model,
    async read(name) {
      const base = await model.read(name)
      return base && (addLora(name, base, valuesOf, options, sign) ?? base)
    },
  }
}
