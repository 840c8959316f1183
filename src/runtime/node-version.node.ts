// Refuses versions of Node that are too old: without this check, they fail with a TypeError deep inside.

import { UsageError } from '../errors.ts'

const oldest = 20

/** @throws UsageError for a Node before 20 */
export function checkNodeVersion(version: string = process.versions.node): void {
  if (Number.parseInt(version, 10) >= oldest) return
  throw new UsageError(`Node ${oldest} or later is needed; this is ${version}`, { code: 'old-node' })
}
