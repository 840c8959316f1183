// Merges as text, as in OpenAI's vocabulary and Hugging Face's merges.txt: one merge a line, best first, its two halves
// separated by a space.

import { UsageError } from '../errors.ts'
import { firstMerged, type Merges, wordEnd } from './bpe.ts'
import { byteAlphabet } from './bytes.ts'

/** The merges that CLIP uses; OpenAI's file lists more. */
const mergeCount = 48_894

export function parseMerges(text: string): Merges {
  const lines = text.split('\n')
  // A first line '#version: 0.2' is not a merge.
  const first = lines[0]!.includes('#version') ? 1 : 0
  const used = lines.slice(first, first + mergeCount).filter((line) => line !== '')
  const ids = new Map<string, number>()
  for (const [id, character] of byteAlphabet.entries()) {
    ids.set(character, id)
    ids.set(`${character}</w>`, wordEnd + id)
  }
  const merges = new Uint16Array(2 * used.length)
  for (const [rank, line] of used.entries()) {
    const [left = '', right = ''] = line.trimEnd().split(' ')
    for (const [side, half] of [left, right].entries()) {
      const id = ids.get(half)
      if (id === undefined) {
        throw new UsageError(
          `Merges, line ${first + rank + 1}: '${line}' should be two pieces, each a byte or made by an earlier line; '${half}' is neither`,
        )
      }
      merges[2 * rank + side] = id
    }
    ids.set(left + right, firstMerged + rank)
  }
  return merges
}
