// Saves a model in training as open_clip's two files, each whole or not at all, so that other projects can load it.

import { join } from 'node:path'
import { type TensorToWrite, writeSafetensors } from '../../checkpoint/write.node.ts'
import { replaceJson } from '../../files/atomic.node.ts'
import { openClipConfig } from '../../formats/open-clip.ts'
import { wholeConfig } from '../../formats/whole-config.ts'
import { isOwnParameter } from '../../objectives/index.ts'
import type { Adaptation, Values } from '../adaptation.ts'
import type { InitialModel } from '../initial-model.node.ts'
import type { Trainer } from '../step.ts'

/** What a saved model is made of. */
export interface Saved {
  model: Pick<InitialModel, 'config' | 'preprocessing' | 'shapes' | 'read'>
  adaptation?: Pick<Adaptation, 'own' | 'merged' | 'save'> | undefined
  step?: number | undefined
}

/**
 * Writes `open_clip_config.json` and `open_clip_model.safetensors`, and the method's own files. Parameters that the trainer
 * does not have, such as those of an encoder that the objective does not use, are the initial model's.
 */
export async function saveModel(folder: string, trainer: Trainer, saved: Saved): Promise<void> {
  const { slots, values } = trainer.parameters
  const { own, merged, save } = saved.adaptation ?? {}
  const valuesOf: Values = (name) => {
    const { from, to } = slots.get(name)!
    return values.subarray(from, to)
  }
  const ownNames = [...slots.keys()].filter((name) => own?.(name))
  const trained = [...slots.values()].filter(({ name }) => !ownNames.includes(name))
  // Parameters that only another objective has are dropped: they would make the saved model look trained by that objective.
  const trainsObjective = slots.has('logit_scale') || [...slots.keys()].some(isOwnParameter)
  const shapes = [...saved.model.shapes].filter(
    ([name]) => !trainsObjective || slots.has(name) || !isOwnParameter(name),
  )
  const model = { ...saved.model, shapes: new Map(shapes) }
  await writeModel(folder, { ...saved, model }, new Map(trained.map(({ name, shape }) => [name, shape])), (name) =>
    slots.has(name) ? (merged?.(name, valuesOf) ?? valuesOf(name)) : undefined,
  )
  await save?.(folder, valuesOf, ownNames)
}

/**
 * Writes a model, with some parameters changed or added.
 *
 * @param shapes of changed and added parameters
 * @param changed a parameter's new values; undefined to keep the model's
 */
export async function writeModel(
  folder: string,
  { model, step }: Saved,
  shapes: ReadonlyMap<string, readonly number[]> = new Map(),
  changed: (name: string) => Float32Array | undefined | Promise<Float32Array | undefined> = () => undefined,
): Promise<void> {
  const tensors = new Map<string, TensorToWrite>()
  for (const name of new Set([...shapes.keys(), ...model.shapes.keys()])) {
    const shape = shapes.get(name) ?? model.shapes.get(name)!
    const bytes = async () => {
      const values = (await changed(name)) ?? (await model.read(name))!
      return new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength)
    }
    tensors.set(name, { dtype: 'float32', shape: [...shape], bytes })
  }
  const metadata = { format: 'pt', ...(step !== undefined && { step: `${step}` }) }
  await writeSafetensors(join(folder, 'open_clip_model.safetensors'), tensors, { metadata, overwrite: true })
  const logitBias = tensors.has('logit_bias')
  const config = openClipConfig(wholeConfig(model.config, folder), model.preprocessing, { logitBias })
  await replaceJson(join(folder, 'open_clip_config.json'), config)
}
