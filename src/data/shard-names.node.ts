// Names of many shards in one: `shard-{000..012}.tar`, `{train,extra}-0.tar`, `shards/*.tar`.

import { join, sep } from 'node:path'
import { UsageError } from '../errors.ts'
import { byName } from './image-files.ts'
import { isUrl } from './shard-bytes.node.ts'

/** More names than anyone has shards: a slip of the finger. */
const most = 1_000_000

/** The names in braces, one by one: a range of numbers keeps its zeros. */
export function expandBraces(pattern: string): string[] {
  const match = /^(.*?)\{([^{}]*)\}(.*)$/s.exec(pattern)
  if (!match) return [pattern]
  const [, before, inside, after] = match as unknown as [string, string, string, string]
  const range = /^(\d+)\.\.(\d+)$/.exec(inside)
  const words = range ? numbers(pattern, range[1]!, range[2]!) : inside.split(',')
  const rest = expandBraces(after)
  if (words.length * rest.length > most) throw tooMany(pattern)
  return words.flatMap((word) => rest.map((end) => `${before}${word}${end}`))
}

function numbers(pattern: string, from: string, to: string): string[] {
  const count = Number(to) - Number(from) + 1
  if (count > most) throw tooMany(pattern)
  if (count < 1) throw new UsageError(`${pattern}: {${from}..${to}} counts down; write the lower number first`)
  return Array.from({ length: count }, (_, i) => String(Number(from) + i).padStart(from.length, '0'))
}

function tooMany(pattern: string): UsageError {
  return new UsageError(`${pattern}: stands for more than ${most} names; check the numbers in braces`)
}

export const isPattern = (where: string): boolean => /\{[^{}]*(\.\.|,)[^{}]*\}/.test(where) || hasWildcard(where)

const hasWildcard = (where: string): boolean => !isUrl(where) && /[*?]/.test(where)

/** The shards that a pattern names: those in braces in the order written, those of wildcards sorted by name. */
export async function expandShards(pattern: string): Promise<string[]> {
  const lists = await Promise.all(expandBraces(pattern).map((name) => (hasWildcard(name) ? matching(name) : [name])))
  return lists.flat()
}

/** The folder before the first wildcard is taken as it is, whatever characters it has. */
async function matching(pattern: string): Promise<string[]> {
  const { glob } = await import('tinyglobby')
  const [, folder, rest] = /^((?:[^*?]*\/)?)(.*)$/s.exec(sep === '\\' ? pattern.replaceAll('\\', '/') : pattern)!
  const options = { cwd: folder || '.', caseSensitiveMatch: sep === '/', expandDirectories: false }
  return (await glob(rest!, options)).map((name) => join(folder!, name)).sort(byName)
}
