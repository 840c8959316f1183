// The path of a model by its name, downloaded if it is not on this machine yet.

import { stat } from 'node:fs/promises'
import type { DownloadOptions } from '../download/hub.node.ts'
import { openaiModels, openaiUrl } from '../download/openai-models.ts'
import { UsageError } from '../errors.ts'

export interface ModelFiles {
  /** A checkpoint file, or a folder with one. */
  path: string
  /** Whether it is a folder. */
  isFolder: boolean
  /** The name under which it is published, if that says more than its files do. */
  tag?: string | undefined
}

/**
 * @param model a path; else an OpenAI name, an `http(s)` address with a SHA-256 in it, or a hub id, with or without `hf-hub:`
 *   before it and `@revision` after it
 */
export async function modelFiles(model: string, options: DownloadOptions = {}): Promise<ModelFiles> {
  const found = await stat(model).catch(() => undefined)
  if (found) return { path: model, isFolder: found.isDirectory() }

  const url = openaiUrl(model) ?? (/^https?:\/\//.test(model) ? model : undefined)
  // Loaded only now: without it, a model on this machine starts a tenth of a second sooner.
  if (url) {
    const { downloadUrl } = await import('../download/url.node.ts')
    return { path: await downloadUrl(url, options), isFolder: false, tag: url === model ? undefined : 'openai' }
  }

  const { isArchitecture, nearestModel } = await import('../download/model-names.ts')
  const meant = nearestModel(model)
  const unknown = `'${model}' is no file or folder here, and no name of a model${meant ? `; did you mean ${meant}?` : '.'}`
  if (isArchitecture(model)) {
    const asHubId = model.includes('/') ? `; if it is a hub id, write hf-hub:${model}` : ''
    throw new UsageError(`${unknown} OpenAI's names are ${openaiModels.join(', ')}${asHubId}`)
  }

  const hub = /^(hf-hub:)?([\w-][\w.-]*\/[\w-][\w.-]*)(?:@([\w./-]+))?$/.exec(model)
  if (hub && !(hub[1] === undefined && /\.(safetensors|pt|pth|bin|ckpt|json)$/.test(model))) {
    const { download } = await import('../download/hub.node.ts')
    return { path: await download(hub[2]!, { ...options, revision: hub[3] ?? options.revision }), isFolder: true }
  }
  throw new UsageError(
    `${unknown} Give a path, one of OpenAI's names (${openaiModels.join(', ')}), or a hub id such as openai/clip-vit-base-patch32`,
  )
}
