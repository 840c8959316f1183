// What a model's name stands for: a path on this machine, after downloading where it is not there yet.

import { stat } from 'node:fs/promises'
import { UsageError } from './errors.ts'

export interface Progress {
  file: string
  received: number
  total: number
}

export interface ModelFiles {
  /** A checkpoint file, or a folder with one. */
  path: string
  /** The name that it is published under, where that tells something that its files do not. */
  tag?: string
}

export async function modelFiles(
  model: string,
  _options: { signal?: AbortSignal; onProgress?: (progress: Progress) => void },
): Promise<ModelFiles> {
  if (await stat(model).catch(() => undefined)) return { path: model }
  throw new UsageError(`'${model}' is neither a file or folder here nor a name that typeclip knows`)
}
