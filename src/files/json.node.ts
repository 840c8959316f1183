// Reads text and JSON files, with a sentence for those that cannot be read.

import { readFile } from 'node:fs/promises'
import { CheckpointError } from '../errors.ts'
import { decodeUtf8 } from './utf8.ts'

/** Makes the error of a file that cannot be used. `why` is "cannot be read: …" or "is not JSON: …". */
type Refuse = (why: string, cause: unknown) => Error

const refusing =
  (path: string): Refuse =>
  (why, cause) =>
    new CheckpointError(`${path} ${why}`, { cause })

/** @param refuse default: a CheckpointError that begins with the path */
export async function readText(path: string, refuse: Refuse = refusing(path)): Promise<string> {
  const bytes = await readFile(path).catch((error: Error) => {
    throw refuse(`cannot be read: ${error.message}`, error)
  })
  return decodeUtf8(bytes, path)
}

export function parseJson(text: string, path: string, refuse: Refuse = refusing(path)): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw refuse(`is not JSON: ${(error as Error).message}`, error)
  }
}

/** @param refuse default: a CheckpointError that begins with the path */
export const readJson = async (path: string, refuse?: Refuse): Promise<unknown> =>
  parseJson(await readText(path, refuse), path, refuse)

/** Undefined if there is no such file. */
export const readTextIfThere = (path: string): Promise<string | undefined> =>
  readText(path).catch((error: Error & { cause?: NodeJS.ErrnoException }) => {
    if (error.cause?.code === 'ENOENT' || error.cause?.code === 'ENOTDIR') return undefined
    throw error
  })

/** Undefined if there is no such file. */
export async function readJsonIfThere(path: string): Promise<unknown> {
  const text = await readTextIfThere(path)
  return text === undefined ? undefined : parseJson(text, path)
}
