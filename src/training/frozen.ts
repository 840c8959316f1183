// What a run leaves as it is, in few words: a part of the model where all of it is frozen, such as `visual`.

import { isBuffer } from './parameters.ts'

/** The largest parts of which nothing is trained, in alphabetical order; statistics of batch normalisation are no matter. */
export function frozenParts(names: Iterable<string>, trained: (name: string) => boolean): string[] {
  const parameters = [...names].filter((name) => !isBuffer(name))
  const above = (name: string) => name.split('.').map((_, i, words) => words.slice(0, i + 1).join('.'))
  const moving = new Set(parameters.filter(trained).flatMap(above))
  const frozen = parameters.filter((name) => !trained(name))
  return [...new Set(frozen.map((name) => above(name).find((part) => !moving.has(part))!))].sort()
}
