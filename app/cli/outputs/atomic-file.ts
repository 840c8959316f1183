// A file that appears complete or not at all: written under a temporary name beside its path, and renamed at the end.

import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { UsageError } from 'typeclip/errors'
import { cannotWrite } from '../shell/system-errors.ts'

export interface AtomicFile {
  readonly handle: FileHandle
  /** Moves the file to its path, and replaces an existing one. */
  commit(): Promise<void>
  /** Deletes the temporary file; does nothing after `commit`. */
  discard(): Promise<void>
}

/** @throws UsageError if there is no such folder, it cannot be written to, or a folder has the file's name */
export async function createAtomicFile(path: string): Promise<AtomicFile> {
  if (path === '-') {
    throw new UsageError(
      '- is standard output, and this file cannot go there; give the name of a file (./- for one called -)',
    )
  }
  if ((await stat(path).catch(() => undefined))?.isDirectory())
    throw new UsageError(`${path} is a folder; give the name of a file`)
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.partial`)
  const handle = await open(temporary, 'w').catch(async (error: NodeJS.ErrnoException) => {
    throw new UsageError(await cannotWrite(path, error), { cause: error })
  })
  let unfinished = true
  return {
    handle,
    async commit() {
      await handle.sync()
      await handle.close()
      await rename(temporary, path)
      unfinished = false
    },
    async discard() {
      if (!unfinished) return
      unfinished = false
      await handle.close().catch(() => {})
      await rm(temporary, { force: true })
    },
  }
}
