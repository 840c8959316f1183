// A run's output folder: locked during the run, required to be empty unless resuming, left intact if the disk fills up.

import { readdir } from 'node:fs/promises'
import { TrainingError, UsageError } from '../../errors.ts'
import { lockFolder } from '../../files/lock.node.ts'
import { makeFolder } from '../../files/make-folder.node.ts'
import { checkpoints, lastProgress, type Progress } from './checkpoint.node.ts'

/**
 * @param run is called with the progress to resume from, if there is a checkpoint
 * @throws UsageError for a folder that is in use, or not empty without `resume`
 */
export async function* inRunFolder<Event>(
  out: string,
  resume: boolean,
  run: (before: Progress | undefined) => AsyncGenerator<Event>,
): AsyncGenerator<Event> {
  await makeFolder(out)
  const unlock = await lockFolder(out)
  try {
    const before = resume ? await lastProgress(out) : undefined
    if (!resume && (await readdir(out)).length > 0) {
      throw new UsageError(`${out} is not empty; continue the run in it (\`resume\`), or choose another folder`)
    }
    yield* run(before)
  } catch (error) {
    const full = noSpace[(error as NodeJS.ErrnoException).code ?? '']
    throw full === undefined ? error : await diskFull(out, full, error)
  } finally {
    await unlock()
  }
}

/** The system's error codes for a lack of space. */
const noSpace: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'your disk quota is used up',
  EFBIG: 'a file of the run would exceed the allowed file size (ulimit -f, or a limit of the file system)',
}

async function diskFull(out: string, full: string, error: unknown): Promise<TrainingError> {
  const last = (await checkpoints(out)).at(-1)
  const left = last === undefined ? 'there is no checkpoint yet' : `the checkpoint after step ${last} is as it was`
  return new TrainingError(`${out}: ${full}; ${left}. Free some space, then continue with \`resume\``, { cause: error })
}
