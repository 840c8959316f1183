// The original model of a fine-tuning run, opened once: as a loaded CLIP for features and texts, and as initial parameters.

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import type { Clip } from '../clip/clip.ts'
import { clipOf } from '../clip/load.node.ts'
import { UsageError } from '../errors.ts'
import { openModel, starter } from '../pretrained/open.node.ts'
import { fromOpened, type InitialModel } from '../training/initial-model.node.ts'
import { writeModel } from '../training/run/saved-model.node.ts'
import { loading } from './method.ts'
import type { CommonOptions } from './options.ts'

export interface Original {
  /** Two models of the same name have the same parameters: a resumed run compares it. */
  name: string
  clip: Clip
  model: InitialModel
}

/** @throws UsageError for a config without parameters, and for a model without a joint embedding */
export async function openOriginal(options: CommonOptions): Promise<Original> {
  const { model, activation, signal, onDownload, onWait } = options
  const given = typeof model === 'object' ? await written(model, options.out) : { path: model, name: model }
  const opened = await openModel(given.path, { activation, signal, onProgress: onDownload, onWait })
  const initial = await fromOpened(opened)
  const clip = await clipOf(opened, given.name ?? 'starter', loading(options))
  const name = given.name ?? starter
  if (clip.config.text && !clip.likelihood) {
    return { name, clip, model: { ...initial, preprocessing: clip.preprocessing } }
  }
  await clip.dispose()
  throw new UsageError(`${name} has no joint embedding of images and texts; choose a model with both encoders`)
}

/** Writes an opened model, whose parameters need not be those of a file, to `initial` in the output folder. */
async function written(model: InitialModel, out: string): Promise<{ path: string; name: string }> {
  if (model.shapes.size === 0) {
    throw new UsageError('`model` is a config without parameters; fine-tuning needs a trained model', {
      option: 'model',
    })
  }
  const path = join(out, 'initial')
  await writeModel(path, { model })
  const hash = createHash('sha256')
  for await (const bytes of createReadStream(join(path, 'open_clip_model.safetensors'))) hash.update(bytes)
  return { path, name: `${path}, ${hash.digest('hex').slice(0, 12)}` }
}
