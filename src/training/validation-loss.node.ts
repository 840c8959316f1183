// The loss over data that is not learnt from: full batches, in an order that is the same each time.

import { type BatchesOptions, batches } from '../data/batches.node.ts'
import type { Skipped, Source } from '../data/sample.ts'
import type { Tokenizer } from '../tokenizer/tokenize.ts'
import type { Adaptation } from './adaptation.ts'
import { examplesOf } from './examples-of.ts'
import type { InitialModel } from './initial-model.node.ts'
import type { Trainer } from './step.ts'

export interface ValidationLoss {
  /** The mean over batches. */
  loss: number
  /** As in training: the share of images whose own caption was the closest in its batch. */
  accuracy?: number
  /** What could not be used. */
  skipped: Skipped[]
}

/**
 * The pictures are prepared as for evaluation; what is left at the end, less than a batch, is left out. A contrastive loss
 * depends on the size of the batch, so this is the training's loss where the sizes are the same.
 *
 * @param batch examples in a batch; all of the data where it has fewer
 */
export async function validationLoss(
  source: Source,
  options: {
    trainer: Trainer
    adaptation: Pick<Adaptation, 'classes' | 'embeddings'>
    model: InitialModel
    tokenizer: Tokenizer
    batch: number
    /** How pictures are decoded. */
    reading?: Pick<BatchesOptions, 'maxPixels' | 'exifRotate'>
    signal?: AbortSignal
  },
): Promise<ValidationLoss> {
  const { trainer, adaptation, model, tokenizer, signal } = options
  const batch = Math.min(options.batch, source.size)
  let [count, loss, accuracy] = [0, 0, 0]
  const skipped: Skipped[] = []
  const shuffled = { seed: 0, shuffle: true, epochs: 1 } // in its natural order a batch may be one class alone
  const { preprocessing } = model
  const { embeddings } = adaptation
  for await (const found of batches({
    source,
    batch,
    preprocessing,
    embeddings,
    ...options.reading,
    ...shuffled,
    ...(signal && { signal }),
  })) {
    const report = await trainer.loss(examplesOf(found, tokenizer, model.config, adaptation.classes))
    count++
    skipped.push(...found.skipped)
    loss += report.loss
    accuracy += report.accuracy ?? Number.NaN
  }
  return { loss: loss / count, skipped, ...(Number.isNaN(accuracy) ? {} : { accuracy: accuracy / count }) }
}
