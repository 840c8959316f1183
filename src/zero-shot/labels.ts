// Labels without duplicates: two that the model reads as the same tokens would share one probability.

import type { Clip } from '../clip/clip.ts'
import { checkLabels } from './classifier.ts'

/** Labels without duplicates, and the groups of equal tokens. */
export interface DistinctLabels {
  /** The first label of each group, in order. */
  labels: string[]
  /** Groups of several labels with the same tokens: `[['Cat', 'cat']]`. */
  alike: string[][]
}

/** Removes labels that have the same tokens as an earlier one: `Cat` and `cat`. */
export function distinctLabels({ tokenizer }: Pick<Clip, 'tokenizer'>, names: readonly string[]): DistinctLabels {
  checkLabels(names)
  const byTokens = new Map<string, string[]>()
  for (const name of names) {
    const tokens = tokenizer.encode(name).join(' ')
    const group = byTokens.get(tokens)
    if (group) group.push(name)
    else byTokens.set(tokens, [name])
  }
  const groups = [...byTokens.values()]
  return { labels: groups.map(([first]) => first!), alike: groups.filter((group) => group.length > 1) }
}
