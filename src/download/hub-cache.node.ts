// The Hugging Face cache, as huggingface_hub lays it out and shares between programs: contents under `blobs/`, one
// folder of links to them for each commit under `snapshots/`, and the commits of branches under `refs/`.

import { readFile, rename, stat, symlink } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { getHFHubCachePath, getRepoFolderName } from '@huggingface/hub'
import { readShardIndex } from '../checkpoint/sharded.ts'
import { weightFiles, weightFolders } from '../checkpoint/weight-files.ts'
import { replaceFile } from '../files/atomic.node.ts'
import { makeFolder } from '../files/make-folder.node.ts'

export interface CachedRepo {
  /** `…/hub/models--org--name` */
  folder: string
  blob(etag: string): string
  snapshot(commit: string): string
}

/** @param cacheDir in place of `HF_HUB_CACHE`, `HF_HOME/hub` or `~/.cache/huggingface/hub` */
export function cachedRepo(repo: string, cacheDir?: string): CachedRepo {
  const folder = join(cacheDir ?? getHFHubCachePath(), getRepoFolderName({ name: repo, type: 'model' }))
  return {
    folder,
    blob: (etag) => join(folder, 'blobs', etag),
    snapshot: (commit) => join(folder, 'snapshots', commit),
  }
}

/** The commit of a branch or tag when it was last downloaded. */
export async function cachedCommit(repo: CachedRepo, revision: string): Promise<string | undefined> {
  if (isCommit(revision)) return revision
  const commit = await readFile(join(repo.folder, 'refs', revision), 'utf8').catch(() => '')
  return isCommit(commit.trim()) ? commit.trim() : undefined
}

export const isCommit = (revision: string): boolean => /^[0-9a-f]{40}$/.test(revision)

export async function rememberCommit(repo: CachedRepo, revision: string, commit: string): Promise<void> {
  if (isCommit(revision)) return
  await replaceFile(join(repo.folder, 'refs', revision), commit)
}

export const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )

/** Adds a blob to a snapshot: as a relative link, or the file itself if links are not allowed (Windows). */
export async function linkBlob(blob: string, path: string): Promise<void> {
  await makeFolder(dirname(path))
  try {
    await symlink(relative(dirname(path), blob), path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return
    if (code !== 'EPERM' && code !== 'ENOSYS') throw error
    await rename(blob, path)
  }
}

/** Whether a snapshot has weights, with all of their shards. */
export async function hasWeights(snapshot: string): Promise<boolean> {
  for (const folder of weightFolders.map((name) => join(snapshot, name))) {
    for (const name of weightFiles) {
      if (!(await exists(join(folder, name)))) continue
      if (!name.endsWith('.json')) return true
      const shards = readShardIndex(await readFile(join(folder, name), 'utf8'), join(folder, name))
      const found = await Promise.all([...shards.keys()].map((shard) => exists(join(folder, shard))))
      return found.every(Boolean)
    }
  }
  return false
}
