// Fetches a single checkpoint file whose URL carries its SHA-256, as OpenAI's do, into the cache of OpenAI's own package.

import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, join } from 'node:path'
import { CheckpointError, UsageError } from '../errors.ts'
import { digestFile } from './checksum.node.ts'
import { type FileRequest, fetchFile } from './fetch-file.node.ts'
import type { DownloadOptions } from './hub.node.ts'
import { offlineVariable } from './hub-settings.node.ts'
import { UnavailableError } from './retry.node.ts'

/**
 * @param url `https://…/<sha256>/ViT-B-32.pt`
 * @param options default of `cacheDir`: `~/.cache/clip`, where OpenAI's package keeps its files
 * @returns the file's path
 */
export async function downloadUrl(url: string, options: DownloadOptions = {}): Promise<string> {
  const { pathname } = new URL(url)
  const sha256 = /\/([0-9a-f]{64})\/[^/]+$/.exec(pathname)?.[1]
  if (!sha256) throw new UsageError(`${url}: has no SHA-256 before the file's name, so the file cannot be checked`)
  const file = basename(decodeURIComponent(pathname))
  const target = join(options.cacheDir ?? join(homedir(), '.cache', 'clip'), file)
  if (await isWhole(target, sha256)) return target
  const offline = options.offline === true ? '`offline`' : options.offline === false ? undefined : offlineVariable()
  if (offline !== undefined) {
    throw new CheckpointError(
      `${file}: the network is off (${offline}), and it is not at ${target}. Fetch it once with a network, or copy it there from a machine that has it`,
    )
  }
  const request = {
    url,
    target,
    checksum: { kind: 'sha256', hex: sha256 },
    signal: options.signal,
    retryDelay: options.retryDelay,
    onWait: options.onWait,
    onProgress: (received: number, total = received) => options.onProgress?.({ file, received, total }),
  } satisfies FileRequest
  await fetchFile(request).catch((error) => {
    if (!(error instanceof UnavailableError)) throw error
    throw new CheckpointError(`${error.message}. Or copy the file to ${target} from a machine that has it`)
  })
  return target
}

/** Reads the file through for its digest, as OpenAI's package does. */
async function isWhole(target: string, sha256: string): Promise<boolean> {
  if (!(await stat(target).catch(() => undefined))?.isFile()) return false
  const hash = createHash('sha256')
  await digestFile(hash, target)
  return hash.digest('hex') === sha256
}
