// The frozen parts of a model, named briefly: `visual` if all of the image encoder is frozen.

import { isBuffer } from '../model/parameter-names.ts'

/** Names of the largest fully frozen submodules, sorted. BatchNorm buffers are ignored. */
export function frozenParts(names: Iterable<string>, trained: (name: string) => boolean): string[] {
  const parameters = [...names].filter((name) => !isBuffer(name))
  const submodules = (name: string) => name.split('.').map((_, i, words) => words.slice(0, i + 1).join('.'))
  const changing = new Set(parameters.filter(trained).flatMap(submodules))
  const frozen = parameters.filter((name) => !trained(name))
  return [...new Set(frozen.map((name) => submodules(name).find((part) => !changing.has(part))!))].sort()
}
