// Captions of a batch as ids, from start-of-text to end-of-text (`T[n, l]` in Figure 3, without padding).

import type { TextTowerConfig } from '../model/config.ts'
import { checkIds } from '../model/token-ids.ts'
import { endOf } from '../text-batches.ts'
import type { Tokenizer } from '../tokenizer/tokenize.ts'

/** A caption that is too long is cut, and its last token becomes end-of-text, as in open_clip's tokenizer. */
export function tokenized(captions: readonly string[], tokenizer: Tokenizer, text: TextTowerConfig): number[][] {
  return captions.map((caption) => {
    const ids = tokenizer.encode(caption)
    checkIds(ids, text, caption)
    const cut = ids.length > text.contextLength ? [...ids.slice(0, text.contextLength - 1), tokenizer.endId] : ids
    return cut.slice(0, endOf(Int32Array.from(cut), text) + 1)
  })
}
