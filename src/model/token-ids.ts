// Token ids against a model's vocabulary: one that the table of token embeddings does not have would end the run inside
// ONNX Runtime.

import { CheckpointError, excerpt } from '../errors.ts'
import type { TextTowerConfig } from './config.ts'

/** @throws CheckpointError where the tokenizer gives an id that the model does not have */
export function checkIds(
  ids: readonly number[],
  { vocabularySize }: Pick<TextTowerConfig, 'vocabularySize'>,
  text: string,
): void {
  const most = ids.reduce((a, b) => Math.max(a, b))
  if (most < vocabularySize) return
  throw new CheckpointError(
    `the tokenizer gives id ${most} for "${excerpt(text, 60)}", and the model's vocabulary has ${vocabularySize} entries (vocab_size); they do not belong together: the model needs its own tokenizer, or a vocabulary of CLIP's 49408`,
  )
}
