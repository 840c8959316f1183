// A configuration file read, where there is one.

import { readFile } from 'node:fs/promises'
import { CheckpointError } from '../errors.ts'

/** Undefined where there is no such file. */
export async function readText(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw new CheckpointError(`${path} cannot be read: ${error.message}`)
  })
}

export function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new CheckpointError(`${path} is not JSON: ${(error as Error).message}`)
  }
}

/** Undefined where there is no such file. */
export async function readJson(path: string): Promise<unknown> {
  const text = await readText(path)
  return text === undefined ? undefined : parseJson(text, path)
}
