// Makes a folder and those above it. Node's recursive mkdir never returns in a folder that allows no new ones, such as
// /proc.

import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Does nothing if the folder exists. */
export async function makeFolder(path: string): Promise<void> {
  const parent = dirname(path)
  if (await isFolder(path)) return
  if (parent !== path && !(await stat(parent).catch(() => undefined))) await makeFolder(parent)
  try {
    await mkdir(path)
  } catch (error) {
    // Another process may have made it in the meantime.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !(await isFolder(path))) throw error
  }
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  )
