// The log of a run: a line of `results.jsonl` for each logged step, a line of `validation.jsonl` for each validation, the
// same numbers for TensorBoard, and the curves at the end.

import { appendFile, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { replaceFile } from '../../files/atomic.node.ts'
import { writeCurves } from './curves.node.ts'
import type { LoggedStep, LoggedValidation } from './lines.ts'
import { openEventFile } from './tensorboard.node.ts'

export interface RunLog {
  step(line: LoggedStep): Promise<void>
  validation(line: LoggedValidation): Promise<void>
  /** Flushes the lines of steps to the disk. */
  sync(): Promise<void>
  drawCurves(): Promise<void>
}

/** @param lastStep lines of later steps are dropped: the run computes those steps again */
export async function openRunLog(folder: string, lastStep: number): Promise<RunLog> {
  const results = join(folder, 'results.jsonl')
  const validations = join(folder, 'validation.jsonl')
  for (const path of [results, validations]) await keepLines(path, lastStep)
  const tensorBoard = await openEventFile(folder)
  return {
    async step(line) {
      await appendFile(results, `${JSON.stringify(line)}\n`)
      await tensorBoard.step(line)
    },
    async validation(line) {
      await appendFile(validations, `${JSON.stringify(line)}\n`)
      await tensorBoard.validation(line)
    },
    async sync() {
      const file = await open(results, 'a')
      await file.sync().finally(() => file.close())
    },
    drawCurves: () => writeCurves(folder),
  }
}

/** Drops lines after a step, and torn ones. */
async function keepLines(path: string, lastStep: number): Promise<void> {
  const text = await readFile(path, 'utf8').catch(() => '')
  const remaining = text.split('\n').filter((line) => {
    try {
      return (JSON.parse(line) as { step: number }).step <= lastStep
    } catch {
      return false
    }
  })
  await replaceFile(path, remaining.map((line) => `${line}\n`).join(''))
}
