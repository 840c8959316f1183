// All files below a folder, through links to folders too: data sets are often put together from links.

import { readdir, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** Paths relative to `folder` with `/` on every machine, in no certain order. A link to a folder it lies in is left out. */
export async function walk(folder: string): Promise<string[]> {
  const files: string[] = []
  await below(folder, '', [await realpath(folder)], files)
  return files
}

async function below(folder: string, prefix: string, above: readonly string[], files: string[]): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    const linked = entry.isSymbolicLink() && (await stat(path).catch(() => undefined))?.isDirectory()
    if (!linked && !entry.isDirectory()) {
      files.push(`${prefix}${entry.name}`)
      continue
    }
    const real = linked ? await realpath(path) : join(above.at(-1)!, entry.name)
    if (!above.includes(real)) await below(path, `${prefix}${entry.name}/`, [...above, real], files)
  }
}
