// A repository on the hub: its commit, its files with sizes and digests, and what the hub's refusals mean.

import { HubApiError, listFiles, modelInfo } from '@huggingface/hub'
import { CheckpointError } from '../errors.ts'
import type { Checksum } from './checksum.node.ts'
import { isCommit } from './hub-cache.node.ts'
import { nearestModel } from './model-names.ts'
import { UnavailableError } from './retry.node.ts'

export interface HubFile {
  path: string
  size: number
  checksum: Checksum
}

export interface HubListing {
  commit: string
  files: HubFile[]
}

export interface HubQuestion {
  repo: string
  revision: string
  endpoint: string
  token: string | undefined
  fetch: typeof fetch
}

/** @throws CheckpointError if the hub refuses; the error of `fetch` if the hub cannot be reached */
export async function listRepo({ repo, revision, endpoint, token, fetch }: HubQuestion): Promise<HubListing> {
  const withToken: typeof fetch = (input, init) => {
    const headers = new Headers(init?.headers)
    if (token) headers.set('authorization', `Bearer ${token}`)
    return fetch(input, { ...init, headers })
  }
  const from = { hubUrl: endpoint, fetch: withToken }
  try {
    const { sha: commit } = await modelInfo({ ...from, name: repo, revision, additionalFields: ['sha'] })
    if (!isCommit(commit)) throw new CheckpointError(`${endpoint}: the answer about ${repo} names no commit`)
    const files: HubFile[] = []
    for await (const entry of listFiles({ ...from, repo: { type: 'model', name: repo }, revision: commit })) {
      if (entry.type === 'file') files.push(hubFile(entry, repo))
    }
    return { commit, files }
  } catch (error) {
    throw error instanceof HubApiError ? refusal(error.statusCode, { repo, revision, endpoint, token }) : error
  }
}

/** Names and digests become paths in the cache, so they are checked. */
function hubFile(
  entry: { path: string; size: number; oid?: string; lfs?: { oid: string; size: number } },
  repo: string,
): HubFile {
  const hex = entry.lfs?.oid ?? entry.oid ?? ''
  const safe =
    /^[^\\:]+$/.test(entry.path) && !entry.path.split('/').some((part) => part === '' || part === '..' || part === '.')
  if (!safe || !(entry.lfs ? /^[0-9a-f]{64}$/ : /^[0-9a-f]{40}$/).test(hex)) {
    throw new CheckpointError(
      `${repo}: the hub lists a file in a way that cannot be used: ${JSON.stringify(entry).slice(0, 200)}`,
    )
  }
  return {
    path: entry.path,
    size: entry.lfs?.size ?? entry.size,
    checksum: { kind: entry.lfs ? 'sha256' : 'git', hex },
  }
}

/** The hub also answers 401 for missing repositories, so that nobody learns which private ones exist. */
export function refusal(
  status: number,
  { repo, revision, endpoint, token }: Omit<HubQuestion, 'fetch'>,
): UnavailableError {
  const where = `${repo} on ${endpoint}`
  const asked = token ? 'with the token that is set' : 'without a token'
  const meant = nearestModel(repo)
  const suggestion = meant && meant !== repo ? `did you mean ${meant}? If not, check` : 'check'
  const sentences: Record<number, string> = {
    401: `${where}: not to be had ${asked}, and there is no folder of that name here; ${suggestion} the name; if it is private or gated, set HF_TOKEN to a token of an account that may read it`,
    403: `${where}: may not be read ${asked}. If it is gated, accept its terms on ${endpoint}/${repo} and set HF_TOKEN`,
    404: `${where}: no such repository, or no revision '${revision}' in it, and there is no folder of that name here; ${suggestion} the name`,
  }
  const sentence = sentences[status] ?? `${where}: the hub answered ${status}; try again later`
  return new UnavailableError(sentence, `${new URL(endpoint).host} answered ${status}`)
}
