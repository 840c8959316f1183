// Labels as people give them: one that the model reads like another would split that one's share.

import type { Clip } from '../clip/clip.ts'
import { checkLabels } from './classifier.ts'

/** Labels without duplicates, and the groups that are read alike. */
export interface DistinctLabels {
  /** The first of each that are read alike, in order. */
  labels: string[]
  /** Those that are read alike, the first of them first: `[['Cat', 'cat']]`. */
  alike: string[][]
}

/** Labels without those that the model's tokenizer turns into the same tokens as one before: `Cat` and `cat`. */
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
