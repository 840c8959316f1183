// Which versions of Node typeclip runs on. This file is loaded before any other, so it imports nothing.

/** What to say on a Node that `engines` of package.json excludes; undefined for a supported version. */
export function unsupportedNode(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > 22 || (major === 22 && minor >= 2) || (major === 20 && minor >= 15)) return undefined
  return `Node 20.15, 22.2 or later is needed; this is ${version}`
}
