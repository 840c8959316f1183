// The objective's loss over a validation set.

import { type BatchesOptions, batches } from '../data/batches.node.ts'
import type { Skipped, Source } from '../data/sample.ts'
import type { Tokenizer } from '../tokenizer/tokenize.ts'
import type { Adaptation } from './adaptation.ts'
import { collate } from './collate.ts'
import type { InitialModel } from './initial-model.node.ts'
import type { Trainer } from './step.ts'

/** The objective measured on other data than the training data. */
export interface ValidationLoss {
  /** The mean over batches. */
  loss: number
  /** As in training: the share of images whose own caption was the closest in the batch. */
  accuracy?: number | undefined
  /** Samples that could not be used. */
  skipped: Skipped[]
}

/**
 * The mean loss over full batches, in an order that is the same each time; samples that do not fill the last batch are left
 * out. Images are preprocessed as in evaluation. A contrastive loss depends on the batch size, so it can be compared with the
 * training loss only at the same one.
 *
 * @param options.batch examples in a batch; all of the data if there are fewer
 */
export async function validationLoss(
  source: Source,
  options: {
    trainer: Trainer
    adaptation: Pick<Adaptation, 'classes' | 'embeddings'>
    model: Pick<InitialModel, 'config' | 'preprocessing'>
    tokenizer: Tokenizer
    batch: number
  } & Pick<BatchesOptions, 'maxPixels' | 'exifRotate' | 'onOrientation' | 'signal'>,
): Promise<ValidationLoss> {
  const { trainer, adaptation, model, tokenizer, maxPixels, exifRotate, onOrientation, signal } = options
  const stream = batches({
    source,
    batch: Math.min(options.batch, source.size),
    preprocessing: model.preprocessing,
    embeddings: adaptation.embeddings,
    // Shuffled, because in its natural order a batch may contain a single class.
    shuffle: true,
    seed: 0,
    epochs: 1,
    maxPixels,
    exifRotate,
    onOrientation,
    signal,
  })
  let [count, loss, accuracy] = [0, 0, 0]
  const skipped: Skipped[] = []
  for await (const samples of stream) {
    const report = await trainer.loss(collate(samples, tokenizer, model.config, adaptation.classes))
    count++
    skipped.push(...samples.skipped)
    loss += report.loss
    accuracy += report.accuracy ?? Number.NaN
  }
  return { loss: loss / count, skipped, ...(!Number.isNaN(accuracy) && { accuracy: accuracy / count }) }
}
