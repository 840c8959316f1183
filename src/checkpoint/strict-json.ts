// Strict JSON for files from outside: refuses duplicate keys and deep nesting, which JSON.parse accepts.

import { CheckpointError } from '../errors.ts'

const maxDepth = 16

/** Parses `text`; `where` is the prefix of error messages. */
export function parseStrictJson(text: string, where: string): unknown {
  refuseDeepAndDouble(text, where)
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new CheckpointError(`${where} is not valid JSON (${(error as Error).message})`, { cause: error })
  }
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Scans strings and brackets once; JSON.parse finds every other error. */
function refuseDeepAndDouble(text: string, where: string): void {
  const open: (Set<string> | undefined)[] = []
  for (let i = 0; i < text.length; i++) {
    const char = text[i]
    if (char === '{' || char === '[') {
      if (open.push(char === '{' ? new Set() : undefined) > maxDepth) {
        throw new CheckpointError(`${where} is nested more than ${maxDepth} deep, which no checkpoint needs`)
      }
    } else if (char === '}' || char === ']') open.pop()
    else if (char === '"') {
      const end = endOfString(text, i)
      const seen = open.at(-1)
      if (seen && /^\s*:/.test(text.slice(end, end + 64))) {
        const key = text.slice(i, end)
        const name = key.includes('\\') ? withoutEscapes(key) : key
        if (seen.has(name)) throw new CheckpointError(`${where} has the key ${name} twice`)
        seen.add(name)
      }
      i = end - 1
    }
  }
}

/** The index after the closing quote of the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  let end = start + 1
  while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1
  return end + 1
}

function withoutEscapes(quoted: string): string {
  try {
    return JSON.stringify(JSON.parse(quoted))
  } catch {
    return quoted
  }
}
