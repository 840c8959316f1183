// Fetches a model from the Hugging Face hub into the standard cache, where Python's tools find it too.

import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { readShardIndex } from '../checkpoint/sharded.ts'
import { tokenizerFiles, weightFiles, weightFolders } from '../checkpoint/weight-files.ts'
import { CheckpointError, UsageError } from '../errors.ts'
import { fetchFile } from './fetch-file.node.ts'
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
import { hubEndpoint, hubToken, offlineVariable } from './hub-settings.node.ts'
import { networkAdvice, type RetryOptions, reasonOf, retryingFetch, UnavailableError } from './retry.node.ts'

/** Progress of one file, in bytes. */
export interface DownloadProgress {
  file: string
  received: number
  total: number
}

/** Options of downloads: where to, from where, progress and cancellation. */
export interface DownloadOptions extends RetryOptions {
  /** A branch, tag or commit. Default: `main`. */
  revision?: string | undefined
  /** Names of files, `*` for any part. Default: the configurations and the weights in the best format there is. */
  files?: readonly string[] | undefined
  /** Default: `HF_ENDPOINT`, or the hub itself. */
  endpoint?: string | undefined
  /** Default: `HF_TOKEN`, `HUGGING_FACE_HUB_TOKEN`, or what `hf auth login` saved. */
  token?: string | undefined
  /** Default: `HF_HUB_CACHE`, or `hub` in `HF_HOME`, or `~/.cache/huggingface/hub`. */
  cacheDir?: string | undefined
  /** Use the cache only. Default: `HF_HUB_OFFLINE` or `TRANSFORMERS_OFFLINE`. */
  offline?: boolean | undefined
  onProgress?: ((progress: DownloadProgress) => void) | undefined
  /** Called with a sentence when the cache's copy is used in place of the hub's. */
  onFallback?: ((message: string) => void) | undefined
}

const configurations = [
  'config.json',
  'open_clip_config.json',
  'preprocessor_config.json',
  'processor_config.json',
  ...tokenizerFiles,
  'modules.json',
].flatMap((name) => weightFolders.map((folder) => folder + name))

/**
 * Downloads the files of a model, or finds them in the cache. If the cache has the whole model, it is used whatever the
 * hub answers, as in huggingface_hub.
 *
 * @param repo `openai/clip-vit-base-patch32`
 * @returns the folder of the snapshot: `…/models--org--name/snapshots/<commit>`
 * @throws CheckpointError if it cannot be downloaded, with what to do about it
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
  const whole = await wholeSnapshot(cached, revision)
  const offline = options.offline === true ? '`offline`' : options.offline === false ? undefined : offlineVariable()
  if (offline !== undefined) {
    if (whole) return whole
    throw new CheckpointError(`${repo}: the network is off (${offline}), ${notCached(cached)}`)
  }
  try {
    return await fetchSnapshot(repo, revision, cached, whole !== undefined, options)
  } catch (error) {
    options.signal?.throwIfAborted()
    if (!whole || !(error instanceof UnavailableError)) throw error
    options.onFallback?.(
      `${repo}: ${error.reason}, so the copy in the cache is used (commit ${basename(whole).slice(0, 7)}); with HF_HUB_OFFLINE=1 the hub is not asked`,
    )
    return whole
  }
}

/** @param once whether to ask the hub once only, because the cache has a copy */
async function fetchSnapshot(
  repo: string,
  revision: string,
  cached: CachedRepo,
  once: boolean,
  options: DownloadOptions,
): Promise<string> {
  const endpoint = (options.endpoint ?? hubEndpoint()).replace(/\/+$/, '')
  const token = options.token ?? (await hubToken())
  let listing: HubListing
  try {
    listing = await listRepo({ repo, revision, endpoint, token, fetch: retryingFetch(options, once) })
  } catch (error) {
    options.signal?.throwIfAborted()
    if (error instanceof CheckpointError || error instanceof UsageError) throw error
    const reason = `cannot be reached (${reasonOf(error)})`
    throw new UnavailableError(
      `${repo}: ${endpoint} ${reason}, ${notCached(cached)}. ${networkAdvice(error)}`,
      `${new URL(endpoint).host} ${reason}`,
      error,
    )
  }
  const snapshot = cached.snapshot(listing.commit)
  const { signal, retryDelay, onWait, onProgress } = options
  const get = async (file: HubFile) => {
    const path = join(snapshot, file.path)
    if (await exists(path)) return
    const blob = cached.blob(file.checksum.hex)
    if (!(await exists(blob))) {
      await fetchFile({
        url: `${endpoint}/${repo}/resolve/${listing.commit}/${file.path.split('/').map(encodeURIComponent).join('/')}`,
        target: blob,
        checksum: file.checksum,
        size: file.size,
        headers: token ? { authorization: `Bearer ${token}` } : {},
        refusal: (status) => refusal(status, { repo, revision: listing.commit, endpoint, token }),
        ...{ signal, retryDelay, onWait },
        onProgress: (received) => onProgress?.({ file: file.path, received, total: file.size }),
      })
    }
    await linkBlob(blob, path)
  }
  for (const file of wanted(listing, options.files)) await get(file)
  if (!options.files) for (const file of await weightsOf(listing, repo, snapshot, get)) await get(file)
  await rememberCommit(cached, revision, listing.commit)
  return snapshot
}

async function wholeSnapshot(cached: CachedRepo, revision: string): Promise<string | undefined> {
  const commit = await cachedCommit(cached, revision)
  const snapshot = commit && cached.snapshot(commit)
  return snapshot && (await hasWeights(snapshot)) ? snapshot : undefined
}

const notCached = ({ folder }: CachedRepo): string =>
  `and the cache (${folder}) does not hold it. Fetch it once with a network, or copy that folder from a machine that has it, or give the path of a checkpoint file`

function wanted({ files }: HubListing, patterns: readonly string[] = configurations): HubFile[] {
  const literal = (text: string) => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&')
  const expressions = patterns.map((pattern) => new RegExp(`^${pattern.split('*').map(literal).join('.*')}$`))
  return files.filter(({ path }) => expressions.some((expression) => expression.test(path)))
}

/** Other kinds of repositories by a file that they have, and what to do. */
const otherKinds: readonly (readonly [file: string, kind: string])[] = [
  ['adapter_config.json', 'an adapter of PEFT, not a model; merge it into its base model first (typeclip convert)'],
  ['model_index.json', 'a diffusers pipeline, not a model; use the whole CLIP that its text encoder was taken from'],
]

/** The preferred file of weights, or the shards of an index, which is downloaded here to know them. */
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
