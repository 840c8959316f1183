// A batch of samples as a step takes it: captions as ids, and class folders' names as numbers.

import type { ClipConfig } from '../model/config.ts'
import type { Tokenizer } from '../tokenizer/tokenize.ts'
import type { Batch } from './examples.ts'
import { tokenized } from './tokenized.ts'

interface Read extends Pick<Batch, 'pixels' | 'embeddings'> {
  captions: readonly string[]
  labels: readonly (string | undefined)[]
}

/** @param classes in their order, where examples have labels to be told */
export function examplesOf(
  { pixels, embeddings, captions, labels }: Read,
  tokenizer: Tokenizer,
  { text }: ClipConfig,
  classes?: readonly string[],
): Batch {
  return {
    pixels,
    ids: tokenized(captions, tokenizer, text!),
    ...(embeddings && { embeddings }),
    ...(classes && { labels: Int32Array.from(labels, (label) => classes.indexOf(label!)) }),
  }
}
