// Opens a data set by name: the kind is recognised by the files.

import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { UsageError } from '../errors.ts'
import { counted } from './counted.ts'
import { type FolderOptions, openFolder } from './folder.node.ts'
import { byName, isIgnoredFolder, isImageFile } from './image-files.ts'
import type { Source } from './sample.ts'
import { isUrl } from './shard-bytes.node.ts'
import { expandShards, isPattern } from './shard-names.node.ts'
import type { WebDatasetOptions } from './shard-samples.node.ts'
import { openTable } from './table.node.ts'
import { isTable, type TableOptions } from './table-rows.node.ts'
import { openWebDataset } from './webdataset.node.ts'

/** Options of `openSource`, for every kind of data. */
export type SourceOptions = FolderOptions & TableOptions & WebDatasetOptions

const kinds =
  'a folder (images with captions beside them, class folders, or .tar shards), a table (.csv, .tsv, .jsonl), ' +
  'or shards (x.tar, shard-{000..012}.tar, shards/*.tar, also http and https)'

/**
 * Opens a data set: a folder of images with captions beside them, a folder for each class, a table, or WebDataset shards.
 *
 * @param where a path, a shard pattern (`shards/{000..012}.tar`), or an `http(s)` address of shards
 * @throws UsageError when nothing is there, or nothing that can be used
 *
 * @example
 * ```ts
 * import { openSource } from 'typeclip/training'
 *
 * const { size, labels } = await openSource('photos') // photos/cat/1.jpg, photos/dog/1.jpg, …
 * console.log(size, labels) // 200, ['cat', 'dog']
 * ```
 */
export async function openSource(where: string, options: SourceOptions = {}): Promise<Source> {
  options.signal?.throwIfAborted()
  const found = isUrl(where) ? undefined : await stat(where).catch(() => undefined)
  if (found?.isDirectory()) {
    const entries = (await readdir(where, { withFileTypes: true })).filter(({ name }) => !name.startsWith('.'))
    const names = entries.map(({ name }) => name).filter(isShard)
    if (names.length === 0) return openFolder(where, options)
    const shards = names.sort(byName).map((name) => join(where, name))
    const source = await openWebDataset(where, shards, options)
    const others = entries.filter(
      (entry) => isImageFile(entry.name) || (entry.isDirectory() && !isIgnoredFolder(entry.name)),
    )
    if (others.length === 0) return source
    const notice = `${where}: read as ${counted(shards.length, 'shard')}; skipped beside ${shards.length === 1 ? 'it' : 'them'}: ${others[0]!.name}${others.length > 1 ? ` and ${others.length - 1} more` : ''}`
    return { ...source, notices: [notice] }
  }
  if (found) {
    if (isTable(where)) return openTable(where, options)
    if (isShard(where)) return openWebDataset(where, [where], options)
    throw new UsageError(`${where}: not a kind of data that is read; expected ${kinds}`)
  }
  if (isPattern(where)) {
    const shards = await expandShards(where)
    const other = shards.find((name) => !isShard(name))
    if (shards.length === 0) throw new UsageError(`${where}: no file has such a name`)
    if (other !== undefined) throw new UsageError(`${where}: ${other} is not a .tar shard; expected ${kinds}`)
    return openWebDataset(where, shards, options)
  }
  if (isUrl(where)) {
    if (isShard(where)) return openWebDataset(where, [where], options)
    throw new UsageError(`${where}: over http only .tar shards are read; expected ${kinds}`)
  }
  throw new UsageError(`${where}: there is no such file or folder; expected ${kinds}`)
}

/** Also of a URL with a query. */
function isShard(where: string): boolean {
  return /\.tar$/i.test(isUrl(where) ? new URL(where).pathname : where)
}
