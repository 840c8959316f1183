// What a run writes between its steps: the model, its validation, and a checkpoint to resume from.

import { join } from 'node:path'
import type { Source } from '../../data/sample.ts'
import type { Adaptation } from '../adaptation.ts'
import type { Trainer } from '../step.ts'
import type { RunOptions, TrainEvent } from '../train-options.ts'
import type { ValidationLoss } from '../validation-loss.node.ts'
import { type Progress, saveCheckpoint } from './checkpoint.node.ts'
import type { Validation } from './lines.ts'
import type { RunLog } from './log.node.ts'
import { saveModel } from './saved-model.node.ts'

/** A run between two steps. */
export interface RunState {
  options: RunOptions
  adaptation: Adaptation
  trainer: Trainer
  progress: Progress
  log: RunLog
  lossOver: (source: Source) => Promise<ValidationLoss>
}

/** Saves the model, validates it, and saves the checkpoint last: a run that ends in between repeats all three. */
export async function* save(state: RunState, { validate }: { validate: boolean }): AsyncGenerator<TrainEvent> {
  const { options, adaptation, trainer, progress, log } = state
  const { model, out, keep = 2 } = options
  const { step } = progress
  await log.sync()
  await saveModel(out, trainer, { adaptation, model, step })
  if (validate) {
    const validation = await validated(state)
    progress.validationPending = options.validate !== undefined && validation === undefined
    if (validation) {
      const best = !progress.best || validation.score > progress.best.score
      progress.validationsSinceBest = best ? 0 : progress.validationsSinceBest + 1
      if (best) {
        progress.best = { step, score: validation.score }
        await saveModel(join(out, 'best'), trainer, { adaptation, model, step })
      }
      const line = { step, best, ...validation }
      await log.validation(line)
      yield { kind: 'validation', ...line }
    }
  }
  await saveCheckpoint(out, trainer, progress, keep)
  yield { kind: 'saved', step, folder: out }
}

/** Undefined if the run is interrupted meanwhile: it is then saved without a validation, which the resumed run makes up for. */
async function validated({ options, adaptation, progress, lossOver }: RunState): Promise<Validation | undefined> {
  const saved = { folder: options.out, step: progress.step, objective: adaptation.objective, loss: lossOver }
  return options.validate?.(saved).catch((error: unknown) => {
    if (options.signal?.aborted) return undefined
    throw error
  })
}
