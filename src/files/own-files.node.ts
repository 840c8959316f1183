// The files that ship with typeclip beside its code: the starter model and the vocabulary.

import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { CheckpointError } from '../errors.ts'

/**
 * The path of a file or folder that ships with typeclip. It is not checked here, so that importing never fails.
 *
 * @param own the caller's `import.meta.url`; a bundler that writes CommonJS leaves it undefined
 */
export function ownFile(relative: string, own: string | undefined): string {
  if (own === undefined) return relative
  return fileURLToPath(new URL(relative, own))
}

/** @throws CheckpointError if the file is missing: a bundler copied the code without it */
export function requireOwnFile(path: string): void {
  if (existsSync(path)) return
  throw new CheckpointError(
    `typeclip's own files are not beside this bundle (${path} does not exist); keep typeclip external (docs/en/bundlers.md)`,
  )
}
