// A run on disk: complete checkpoints to resume from. Each file is written whole or not at all.

import { open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { openCheckpoint } from '../../checkpoint/open.node.ts'
import { readTensor } from '../../checkpoint/read.node.ts'
import { type TensorToWrite, writeSafetensors } from '../../checkpoint/write.node.ts'
import type { Cursor } from '../../data/batches.node.ts'
import { CheckpointError } from '../../errors.ts'
import type { Trainer } from '../step.ts'

/** A run's state beside its parameters and moments. Random numbers depend on the seed and the cursor alone. */
export interface Progress {
  /** Steps done. */
  step: number
  cursor: Cursor
  /** Time spent on steps, over all sessions. */
  seconds: number
  /** Broken samples so far. */
  skipped: number
  /** The validation with the highest score so far. */
  best?: { step: number; score: number } | undefined
  validationsSinceBest: number
  /** The run was interrupted before this step's validation was done. */
  validationPending?: boolean | undefined
  /** Whether the run ended by itself, not by an interruption. */
  finished: boolean
  /** The settings that decide the run's numbers. */
  settings: Record<string, unknown>
}

/** `Progress` as checkpoints store it; their format has other names for two fields. */
interface StoredProgress extends Omit<Progress, 'validationsSinceBest' | 'validationPending'> {
  waited: number
  owed?: boolean | undefined
}

const kinds = ['values', 'm', 'v'] as const
const folderOf = (out: string): string => join(out, 'checkpoints')
const fileOf = (step: number): string => `step-${`${step}`.padStart(8, '0')}.safetensors`
const bytesOf = (array: Float32Array): Uint8Array<ArrayBuffer> =>
  new Uint8Array(array.buffer as ArrayBuffer, array.byteOffset, array.byteLength)

/** Writes a complete checkpoint, then deletes all but the last `keep`. */
export async function saveCheckpoint(out: string, trainer: Trainer, progress: Progress, keep: number): Promise<void> {
  const { parameters, moments } = trainer
  const tensors = new Map<string, TensorToWrite>()
  for (const { name, from, to, shape } of parameters.slots.values()) {
    for (const kind of kinds) {
      const array = kind === 'values' ? parameters.values : moments[kind]
      if (from >= array.length) continue // a frozen parameter has no moments
      const tensor = { dtype: 'float32' as const, shape: [...shape] }
      tensors.set(`${kind}/${name}`, { ...tensor, bytes: async () => bytesOf(array.subarray(from, to)) })
    }
  }
  const folder = folderOf(out)
  const { validationsSinceBest: waited, validationPending: owed, ...rest } = progress
  const stored: StoredProgress = { ...rest, waited, owed }
  const metadata = { format: 'pt', typeclip: JSON.stringify(stored) }
  await writeSafetensors(join(folder, fileOf(progress.step)), tensors, { metadata, overwrite: true })
  await syncFolder(folder)
  for (const old of (await checkpoints(out)).slice(0, -keep)) await rm(join(folder, fileOf(old)), { force: true })
}

/** Steps of the checkpoints in a folder, ascending. */
export async function checkpoints(out: string): Promise<number[]> {
  const names = await readdir(folderOf(out)).catch(() => [])
  return names
    .map((name) => /^step-(\d+)\.safetensors$/.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
    .sort((a, b) => a - b)
}

/** The progress to resume from; undefined if there is no checkpoint yet. */
export async function lastProgress(out: string): Promise<Progress | undefined> {
  const last = (await checkpoints(out)).at(-1)
  if (last === undefined) return undefined
  const path = join(folderOf(out), fileOf(last))
  const { metadata } = await openCheckpoint(path)
  if (metadata?.typeclip === undefined) {
    throw new CheckpointError(`${path} is not a checkpoint of a run: its metadata lacks 'typeclip'`)
  }
  const { waited, owed, ...rest } = JSON.parse(metadata.typeclip) as StoredProgress
  return { ...rest, validationsSinceBest: waited, validationPending: owed }
}

/** Reads the parameters and moments of a step's checkpoint into a trainer. */
export async function restoreCheckpoint(out: string, step: number, { parameters, moments }: Trainer): Promise<void> {
  const path = join(folderOf(out), fileOf(step))
  const { tensors } = await openCheckpoint(path)
  for (const { name, from, to, shape } of parameters.slots.values()) {
    for (const kind of kinds) {
      const array = kind === 'values' ? parameters.values : moments[kind]
      if (from >= array.length) continue
      const stored = tensors.get(`${kind}/${name}`)
      if (!stored || `${stored.shape}` !== `${shape}`) {
        const found = stored ? `[${stored.shape}]` : 'nothing'
        throw new CheckpointError(`${path}: ${kind} of ${name}: expected [${shape}], found ${found}`)
      }
      array.subarray(from, to).set((await readTensor(stored)) as Float32Array)
    }
  }
}

/** Makes a rename survive a power cut, on systems that can. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
