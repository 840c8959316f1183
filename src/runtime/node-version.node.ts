// Refuses versions of Node that lack what typeclip uses: otherwise they fail with a TypeError or SyntaxError deep inside.

import { UsageError } from '../errors.ts'

/** @throws UsageError for a Node that `engines` of package.json excludes */
export function checkNodeVersion(version: string = process.versions.node): void {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > 22 || (major === 22 && minor >= 2) || (major === 20 && minor >= 15)) return
  throw new UsageError(`Node 20.15, 22.2 or later is needed; this is ${version}`, { code: 'old-node' })
}
