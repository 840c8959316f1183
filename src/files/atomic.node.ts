// Writes files and folders whole or not at all: first under a temporary name beside the target, then renamed.

import { cp, type FileHandle, mkdir, open, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { UsageError } from '../errors.ts'
import { jsonText } from './json-text.ts'
import { makeFolder } from './make-folder.node.ts'

/** Replaces a file at once: after a failure it is as it was before. Its folder is made if needed. */
export function replaceFile(path: string, content: string | Uint8Array): Promise<void> {
  return atomically(path, true, (part) => writeFile(part, content, { flush: true }))
}

/** Replaces a JSON file at once. */
export const replaceJson = (path: string, value: unknown): Promise<void> => replaceFile(path, jsonText(value))

/** Copies the files of a folder into another, each at once. */
export async function copyFiles(from: string, to: string): Promise<void> {
  for (const name of await readdir(from)) await atomically(join(to, name), true, (part) => cp(join(from, name), part))
}

/**
 * Writes a file piece by piece, and syncs it.
 *
 * @throws UsageError if `path` exists and `overwrite` is not set
 */
export function writeInPieces(
  path: string,
  overwrite: boolean,
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<void> {
  return atomically(path, overwrite, async (part) => {
    const file = await open(part, 'wx')
    try {
      for await (const piece of pieces) await writeAll(file, piece)
      await file.sync()
    } finally {
      await file.close()
    }
  })
}

/**
 * Makes a folder with what `fill` puts into it. The folder may exist if it is empty. With `overwrite` it may have
 * files: those of the same names are replaced, others stay.
 */
export function writeFolder(path: string, overwrite: boolean, fill: (part: string) => Promise<void>): Promise<void> {
  return atomically(
    path,
    overwrite,
    async (part) => {
      await mkdir(part)
      await fill(part)
    },
    async (part) => {
      await makeFolder(path)
      for (const name of await readdir(part)) await rename(join(part, name), join(path, name))
      await rm(part, { recursive: true })
    },
  )
}

/** Writes all bytes: one call of `write` may write fewer. */
export async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await file.write(bytes, done, Math.min(bytes.length - done, 1 << 30))).bytesWritten
  }
}

/** A name beside `path` that no other process, and no other call in this one, uses. */
export const temporaryName = (path: string): string =>
  `${path}.${process.pid}-${Math.random().toString(36).slice(2, 8)}`

async function atomically(
  path: string,
  overwrite: boolean,
  write: (part: string) => Promise<void>,
  move: (part: string) => Promise<void> = (part) => rename(part, path),
): Promise<void> {
  if (!overwrite) await refuseExisting(path)
  await makeFolder(dirname(path))
  const part = temporaryName(join(dirname(path), `.${basename(path)}`))
  try {
    await write(part)
    await move(part)
  } catch (error) {
    await rm(part, { recursive: true, force: true })
    throw error
  }
}

async function refuseExisting(path: string): Promise<void> {
  const there = await readdir(path).then(
    (entries) => entries.length > 0,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  )
  if (there) throw new UsageError(`${path} exists already; choose another path, or replace it with \`overwrite\``)
}
