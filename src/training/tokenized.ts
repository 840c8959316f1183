// Captions of a batch as ids, from start-of-text to where their embedding is read (Figure 3's `T[n, l]`, without padding).

import type { TextTowerConfig } from '../model/config.ts'
import { endOf } from '../text-batches.ts'
import type { Tokenizer } from '../tokenizer/tokenize.ts'

/** Too long a caption is cut, with the end at the end, as open_clip's tokenizer does. */
export function tokenized(captions: readonly string[], tokenizer: Tokenizer, text: TextTowerConfig): number[][] {
  return captions.map((caption) => {
    const ids = tokenizer.encode(caption)
    const cut = ids.length > text.contextLength ? [...ids.slice(0, text.contextLength - 1), tokenizer.endId] : ids
    return cut.slice(0, endOf(Int32Array.from(cut), text) + 1)
  })
}
