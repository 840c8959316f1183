// A run's folder: its own alone while it lasts, new or empty unless the run is to go on, and as it was where the disk is full.

import { readdir } from 'node:fs/promises'
import { TrainingError, UsageError } from '../errors.ts'
import { makeFolder } from '../make-folder.node.ts'
import { checkpoints, lastProgress, type Progress } from './checkpoint.node.ts'
import { lockFolder } from './lock.node.ts'

/**
 * @param run given where the folder's run stands, if it is to go on and has come to a checkpoint
 * @throws UsageError for a folder that is in use, or not empty where nothing is to go on
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
      throw new UsageError(`${out} is not empty; continue the run that is in it (\`resume\`), or choose another folder`)
    }
    yield* run(before)
  } catch (error) {
    const full = noRoom[(error as NodeJS.ErrnoException).code ?? '']
    throw full === undefined ? error : await diskFull(out, full, error)
  } finally {
    await unlock()
  }
}

/** What the system says where there is no room, and what it means. */
const noRoom: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'your share of the disk is full (quota)',
  EFBIG: 'a file of the run may not grow as large as it must (ulimit -f, or a limit of the file system)',
}

async function diskFull(out: string, full: string, error: unknown): Promise<TrainingError> {
  const last = (await checkpoints(out)).at(-1)
  const left = last === undefined ? 'there is no checkpoint yet' : `the checkpoint after step ${last} is as it was`
  return new TrainingError(`${out}: ${full}; ${left}. Make room, and continue with \`resume\``, { cause: error })
}
