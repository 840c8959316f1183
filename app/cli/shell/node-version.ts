// Which versions of Node typeclip runs on. This file is loaded before any other, so it imports nothing.

const oldest = 20

/** What to say on a Node that is too old; undefined where the version is supported. */
export function unsupportedNode(version: string): string | undefined {
  if (Number.parseInt(version, 10) >= oldest) return undefined
  return `Node ${oldest} or later is needed; this is ${version}`
}
