// The linear probe (§3.2, appendix A.3) as a method: logistic regression on the image encoder's features, its penalty chosen on the
// validation set.

import { linearProbe as fit } from '../evaluate/linear-probe.ts'
import type { Method, MethodRun, Task } from './method.ts'

async function* run(task: Task): MethodRun {
  const { clip, classes, words, settings } = task
  const train = await task.features('train')
  const validation = await task.features('val')
  yield { kind: 'progress', what: 'images embedded', done: train.labels.length, of: train.labels.length }
  const { signal } = settings
  const { classifier, C, sweep, converged } = await fit(
    clip.runtime,
    { ...train, names: classes },
    { validation, signal },
  )
  await task.answerWith({ ...classifier, names: words })
  return { trained: train.labels.length, C, converged, sweep }
}

export const linearProbe: Method = {
  summary: "logistic regression on the image encoder's features; the penalty is chosen on the validation set",
  defaults: {},
  options: {},
  run,
}
