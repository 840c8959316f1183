// Checks token ids against a model's vocabulary: an id outside the table of token embeddings would fail inside ONNX Runtime.

import { CheckpointError, excerpt } from '../errors.ts'
import type { TextTowerConfig } from './config.ts'

/** @throws CheckpointError if the tokenizer gives an id outside the model's vocabulary */
export function checkIds(
  ids: readonly number[],
  { vocabularySize }: Pick<TextTowerConfig, 'vocabularySize'>,
  text: string,
): void {
  const highestId = ids.reduce((a, b) => Math.max(a, b))
  if (highestId < vocabularySize) return
  throw new CheckpointError(
    `the tokenizer gives id ${highestId} for "${excerpt(text, 60)}", and the model's vocabulary has ${vocabularySize} entries (vocab_size); they do not belong together: the model needs its own tokenizer, or a vocabulary of CLIP's 49408`,
  )
}
