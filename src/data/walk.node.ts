// All files below a folder, through links to folders too: data sets are often put together from links. Hidden folders and
// those of systems (`.git`, `@eaDir`) are not entered, by any command.

import type { Dirent } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isIgnoredFolder } from './image-files.ts'

export interface Walked {
  /** Paths relative to the folder with `/` on every machine, in no certain order. */
  files: string[]
  /** Folders that were not entered, as such paths. */
  ignored: string[]
  /** Folders that could not be opened, as such paths. */
  closed: string[]
}

/** Skips a link to a folder above it. */
export async function walk(folder: string): Promise<Walked> {
  const found: Walked = { files: [], ignored: [], closed: [] }
  await below(folder, '', [await realpath(folder)], found)
  return found
}

async function below(folder: string, prefix: string, above: readonly string[], found: Walked): Promise<void> {
  for (const entry of await entriesOf(folder, prefix, found)) {
    const path = join(folder, entry.name)
    const linked = entry.isSymbolicLink() && (await stat(path).catch(() => undefined))?.isDirectory()
    if (!linked && !entry.isDirectory()) {
      found.files.push(`${prefix}${entry.name}`)
      continue
    }
    if (isIgnoredFolder(entry.name)) {
      found.ignored.push(`${prefix}${entry.name}`)
      continue
    }
    const real = linked ? await realpath(path) : join(above.at(-1)!, entry.name)
    if (!above.includes(real)) await below(path, `${prefix}${entry.name}/`, [...above, real], found)
  }
}

/** Skips and counts a folder below that this user may not open. */
async function entriesOf(folder: string, prefix: string, found: Walked): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (prefix === '' || (code !== 'EACCES' && code !== 'EPERM')) throw error
    found.closed.push(prefix.slice(0, -1))
    return []
  }
}
