// The models that can be named, and which of them are on this machine already.

import { readdir, readFile, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, join } from 'node:path'
import { getHFHubCachePath } from '@huggingface/hub'
import { cachedCommit, cachedRepo, hasWeights } from '../download/hub-cache.node.ts'
import { hubExamples } from '../download/model-names.ts'
import { openaiModels, openaiUrl } from '../download/openai-models.ts'

/** A model that `load` can take by name. */
export interface KnownModel {
  /** As `load` takes it. */
  name: string
  from: 'openai' | 'hub'
  /** Undefined if it is not on this machine. */
  cached?: { path: string; bytes: number } | undefined
}

/** OpenAI's models, some of the hub's, and every CLIP in the hub's cache. Does not use the network. */
export async function listModels(): Promise<KnownModel[]> {
  const hub = [...new Set([...hubExamples, ...(await cachedHubModels())])]
  return Promise.all([...openaiModels.map(openaiModel), ...hub.map(hubModel)])
}

async function openaiModel(name: string): Promise<KnownModel> {
  const path = join(homedir(), '.cache', 'clip', basename(openaiUrl(name)!))
  const file = await stat(path).catch(() => undefined)
  return { name, from: 'openai', cached: file?.isFile() ? { path, bytes: file.size } : undefined }
}

async function hubModel(name: string): Promise<KnownModel> {
  const path = await snapshotOf(name)
  if (path === undefined) return { name, from: 'hub' }
  const files = await readdir(path)
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(path, file))).size))
  return { name, from: 'hub', cached: { path, bytes: sizes.reduce((sum, size) => sum + size, 0) } }
}

async function snapshotOf(name: string): Promise<string | undefined> {
  const repo = cachedRepo(name)
  const commit = await cachedCommit(repo, 'main')
  const snapshot = commit && repo.snapshot(commit)
  return snapshot && (await hasWeights(snapshot)) ? snapshot : undefined
}

async function cachedHubModels(): Promise<string[]> {
  const folders = await readdir(getHFHubCachePath()).catch(() => [])
  const names = folders
    .filter((folder) => folder.startsWith('models--'))
    .map((folder) => folder.slice('models--'.length).replaceAll('--', '/'))
    .sort()
  const kinds = await Promise.all(names.map(isClip))
  return names.filter((_, i) => kinds[i])
}

async function isClip(name: string): Promise<boolean> {
  const snapshot = await snapshotOf(name)
  if (snapshot === undefined) return false
  const read = (file: string) => readFile(join(snapshot, file), 'utf8').catch(() => '')
  return (await read('open_clip_config.json')) !== '' || /"model_type":\s*"clip"/.test(await read('config.json'))
}
