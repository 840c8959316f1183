// Fetches a model from the Hugging Face hub into the standard cache, where Python's tools find it too.

import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { CheckpointError, UsageError } from '../errors.ts'
import { fetchFile } from './fetch-file.node.ts'
import { type RetryOptions, reasonOf, retryingFetch } from './fetch-retry.node.ts'
import {
  type CachedRepo,
  cachedCommit,
  cachedRepo,
  exists,
  hasWeights,
  linkBlob,
  rememberCommit,
} from './hub-cache.node.ts'
import { type HubFile, type HubListing, listRepo, refusal } from './hub-listing.node.ts'
import { readShardIndex } from './sharded.ts'
import { weightFiles, weightFolders } from './weight-files.ts'

export interface DownloadProgress {
  file: string
  received: number
  total: number
}

export interface DownloadOptions extends RetryOptions {
  /** A branch, tag or commit; `main`, if left out. */
  revision?: string | undefined
  /** Names of files, `*` for any part. If left out: the configurations and the weights in the best format there is. */
  files?: readonly string[] | undefined
  /** `HF_ENDPOINT`, or the hub itself, if left out. */
  endpoint?: string | undefined
  /** `HF_TOKEN`, or what `hf auth login` saved, if left out. */
  token?: string | undefined
  /** `HF_HUB_CACHE`, or `hub` in `HF_HOME`, or `~/.cache/huggingface/hub`, if left out. */
  cacheDir?: string | undefined
  /** Asks the network nothing. `HF_HUB_OFFLINE`, if left out. */
  offline?: boolean | undefined
  onProgress?: ((progress: DownloadProgress) => void) | undefined
}

const configurations = [
  'config.json',
  'open_clip_config.json',
  'preprocessor_config.json',
  'processor_config.json',
  'tokenizer.json',
  'vocab.json',
  'merges.txt',
  'added_tokens.json',
  'special_tokens_map.json',
  'tokenizer_config.json',
  'modules.json',
].flatMap((name) => weightFolders.map((folder) => folder + name))

/**
 * Fetches what a model needs, or finds it in the cache.
 *
 * @param repo `openai/clip-vit-base-patch32`
 * @returns the folder of the snapshot: `…/models--org--name/snapshots/<commit>`
 * @throws CheckpointError where it cannot be had, with what to do about it
 */
export async function download(repo: string, options: DownloadOptions = {}): Promise<string> {
  const { revision = 'main' } = options
  if (
    !/^[\w-][\w.-]*(\/[\w-][\w.-]*)?$/.test(repo) ||
    !/^[\w.-]+(\/[\w.-]+)*$/.test(revision) ||
    /\.\./.test(repo + revision)
  ) {
    throw new UsageError(`'${repo}' at '${revision}' is not a repository of the hub; expected organisation/name`)
  }
  const cached = cachedRepo(repo, options.cacheDir)
  const endpoint = (options.endpoint ?? (process.env.HF_ENDPOINT || 'https://huggingface.co')).replace(/\/+$/, '')
  if (options.offline ?? isSet(process.env.HF_HUB_OFFLINE)) {
    return fromCache(cached, revision, `${repo}: the network is off (HF_HUB_OFFLINE)`)
  }

  const token = options.token ?? (await savedToken())
  let listing: HubListing
  try {
    listing = await listRepo({ repo, revision, endpoint, token, fetch: retryingFetch(options) })
  } catch (error) {
    options.signal?.throwIfAborted()
    if (error instanceof CheckpointError) throw error
    return fromCache(cached, revision, `${repo}: ${endpoint} cannot be reached (${reasonOf(error)})`)
  }

  const snapshot = cached.snapshot(listing.commit)
  const get = (file: HubFile) =>
    fetchIntoCache(file, { cached, snapshot, options, repo, commit: listing.commit, endpoint, token })
  for (const file of wanted(listing, options.files)) await get(file)
  if (!options.files) for (const file of await weightsOf(listing, repo, snapshot, get)) await get(file)
  await rememberCommit(cached, revision, listing.commit)
  return snapshot
}

const isSet = (flag: string | undefined): boolean => /^(1|on|yes|true)$/i.test(flag ?? '')

async function savedToken(): Promise<string | undefined> {
  if (process.env.HF_TOKEN) return process.env.HF_TOKEN.trim()
  const home = process.env.HF_HOME || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'huggingface')
  const saved = await readFile(process.env.HF_TOKEN_PATH || join(home, 'token'), 'utf8').catch(() => '')
  return saved.trim() || undefined
}

async function fromCache(cached: CachedRepo, revision: string, why: string): Promise<string> {
  const commit = await cachedCommit(cached, revision)
  const snapshot = commit && cached.snapshot(commit)
  if (snapshot && (await hasWeights(snapshot))) return snapshot
  throw new CheckpointError(
    `${why}, and the cache (${cached.folder}) does not hold it. Fetch it once with a network, or copy that folder from a machine that has it, or give the path of a checkpoint file`,
  )
}

function wanted({ files }: HubListing, patterns: readonly string[] = configurations): HubFile[] {
  const literal = (text: string) => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&')
  const expressions = patterns.map((pattern) => new RegExp(`^${pattern.split('*').map(literal).join('.*')}$`))
  return files.filter(({ path }) => expressions.some((expression) => expression.test(path)))
}

/** What else a repository can be, by a file of it, and what to do. */
const otherKinds: readonly (readonly [file: string, kind: string])[] = [
  ['adapter_config.json', 'an adapter of PEFT, not a model; merge it into its base model first (typeclip convert)'],
  ['model_index.json', 'a diffusers pipeline, not a model; use the whole CLIP that its text encoder was taken from'],
]

/** The one file of weights that is preferred, or an index's shards; the index itself is fetched here to know them. */
async function weightsOf(listing: HubListing, repo: string, snapshot: string, get: (file: HubFile) => Promise<void>) {
  const byName = new Map(listing.files.map((file) => [file.path, file]))
  const folder = weightFolders.find((folder) => weightFiles.some((file) => byName.has(folder + file)))
  const name = weightFiles.find((file) => byName.has(folder + file))
  if (folder === undefined || !name) {
    const kind = otherKinds.find(([file]) => byName.has(file))?.[1]
    throw new CheckpointError(
      kind
        ? `${repo}: is ${kind}`
        : `${repo}: has no weights that typeclip reads; expected one of ${weightFiles.join(', ')}`,
    )
  }
  if (!name.endsWith('.json')) return [byName.get(folder + name)!]
  await get(byName.get(folder + name)!)
  const index = join(snapshot, folder, name)
  const shards = readShardIndex(await readFile(index, 'utf8'), index)
  return [...shards.keys()].map((shard) => {
    const file = byName.get(folder + shard)
    if (!file) throw new CheckpointError(`${repo}: ${name} names ${shard}, which is not in the repository`)
    return file
  })
}

interface Place {
  cached: CachedRepo
  snapshot: string
  options: DownloadOptions
  repo: string
  commit: string
  endpoint: string
  token: string | undefined
}

async function fetchIntoCache(file: HubFile, place: Place): Promise<void> {
  const path = join(place.snapshot, file.path)
  if (await exists(path)) return
  const blob = place.cached.blob(file.checksum.hex)
  if (!(await exists(blob))) {
    const { repo, commit, endpoint, token } = place
    const { signal, retryDelay, onProgress } = place.options
    await fetchFile({
      url: `${endpoint}/${repo}/resolve/${commit}/${file.path.split('/').map(encodeURIComponent).join('/')}`,
      target: blob,
      checksum: file.checksum,
      size: file.size,
      headers: token ? { authorization: `Bearer ${token}` } : {},
      refusal: (status) => refusal(status, { repo, revision: commit, endpoint, token }),
      signal,
      retryDelay,
      onProgress: (received) => onProgress?.({ file: file.path, received, total: file.size }),
    })
  }
  await linkBlob(blob, path)
}
