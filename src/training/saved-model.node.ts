// A model in training as others load it: open_clip's two files, whole or not at all.

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type TensorToWrite, writeSafetensors } from '../checkpoint/write.node.ts'
import { openClipConfig, wholeConfig } from '../config-files.ts'
import { isOwnParameter } from '../objectives/index.ts'
import type { Adaptation, Values } from './adaptation.ts'
import { replaceFile } from './checkpoint.node.ts'
import type { InitialModel } from './initial-model.node.ts'
import type { Trainer } from './step.ts'

export interface Saved {
  model: Pick<InitialModel, 'config' | 'preprocessing' | 'shapes' | 'read'>
  adaptation?: Pick<Adaptation, 'own' | 'merged' | 'save'>
  step?: number
}

/**
 * Writes `open_clip_config.json` and `open_clip_model.safetensors`, and what the method has beside them. What the trainer
 * does not hold, such as the text tower where only the image tower was asked for, is the initial model's.
 */
export async function saveModel(folder: string, trainer: Trainer, saved: Saved): Promise<void> {
  const { slots, values } = trainer.parameters
  const { own, merged, save } = saved.adaptation ?? {}
  const valuesOf: Values = (name) => {
    const { from, to } = slots.get(name)!
    return values.subarray(from, to)
  }
  const trained = [...slots.values()].filter(({ name }) => !own?.(name))
  // What another objective has left in the model is not carried on: it would be taken for what this run trained.
  const anew = slots.has('logit_scale') || [...slots.keys()].some(isOwnParameter)
  const shapes = [...saved.model.shapes].filter(([name]) => !anew || slots.has(name) || !isOwnParameter(name))
  const model = { ...saved.model, shapes: new Map(shapes) }
  await writeModel(folder, { ...saved, model }, new Map(trained.map(({ name, shape }) => [name, shape])), (name) =>
    slots.has(name) ? (merged?.(name, valuesOf) ?? valuesOf(name)) : undefined,
  )
  await save?.(folder, valuesOf)
}

/**
 * Writes a model with other values for some of its parameters.
 *
 * @param shapes of parameters that it may not have had
 * @param changed a parameter's values; undefined: as the model has it
 */
export async function writeModel(
  folder: string,
  { model, step }: Saved,
  shapes: ReadonlyMap<string, readonly number[]> = new Map(),
  changed: (name: string) => Float32Array | undefined | Promise<Float32Array | undefined> = () => undefined,
): Promise<void> {
  await mkdir(folder, { recursive: true })
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
  await replaceFile(join(folder, 'open_clip_config.json'), `${JSON.stringify(config, null, 2)}\n`)
}
