// A run on disk: complete checkpoints to go on from. Each file is there whole or not at all.

import { mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openCheckpoint } from '../checkpoint/open.node.ts'
import { readTensor } from '../checkpoint/read.node.ts'
import { type TensorToWrite, writeSafetensors } from '../checkpoint/write.node.ts'
import type { Cursor } from '../data/batches.node.ts'
import { CheckpointError } from '../errors.ts'
import type { Trainer } from './step.ts'

/** Where a run stands, beside its parameters and moments. Random numbers come from the seed and the cursor alone. */
export interface Progress {
  /** Steps done. */
  step: number
  cursor: Cursor
  /** Of all sessions together, in seconds. */
  seconds: number
  /** Samples that could not be used so far. */
  skipped: number
  /** The best validation so far, by the number that decides. */
  best?: { step: number; score: number } | undefined
  /** Validations since the best. */
  waited: number
  /** Whether this step was to be judged, and the run was interrupted before it was. */
  owed?: boolean | undefined
  /** Whether the run came to its own end. */
  finished: boolean
  /** What the run was asked for: those settings that decide its numbers. */
  settings: Record<string, unknown>
}

const kinds = ['values', 'm', 'v'] as const
const folderOf = (out: string): string => join(out, 'checkpoints')
const fileOf = (step: number): string => `step-${`${step}`.padStart(8, '0')}.safetensors`
const bytesOf = (array: Float32Array): Uint8Array<ArrayBuffer> =>
  new Uint8Array(array.buffer as ArrayBuffer, array.byteOffset, array.byteLength)

/** Writes a complete checkpoint, and then forgets all but the `keep` last ones. */
export async function saveCheckpoint(out: string, trainer: Trainer, progress: Progress, keep: number): Promise<void> {
  const { parameters, moments } = trainer
  const tensors = new Map<string, TensorToWrite>()
  for (const { name, from, to, shape } of parameters.slots.values()) {
    for (const kind of kinds) {
      const array = kind === 'values' ? parameters.values : moments[kind]
      if (from >= array.length) continue // not trained: it has no moments
      const tensor = { dtype: 'float32' as const, shape: [...shape] }
      tensors.set(`${kind}/${name}`, { ...tensor, bytes: async () => bytesOf(array.subarray(from, to)) })
    }
  }
  const folder = folderOf(out)
  await mkdir(folder, { recursive: true })
  const metadata = { format: 'pt', typeclip: JSON.stringify(progress) }
  await writeSafetensors(join(folder, fileOf(progress.step)), tensors, { metadata, overwrite: true })
  await syncFolder(folder)
  for (const old of (await checkpoints(out)).slice(0, -keep)) await rm(join(folder, fileOf(old)), { force: true })
}

/** Steps of the checkpoints that a folder holds, ascending. */
export async function checkpoints(out: string): Promise<number[]> {
  const names = await readdir(folderOf(out)).catch(() => [])
  return names
    .map((name) => /^step-(\d+)\.safetensors$/.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
    .sort((a, b) => a - b)
}

/** Where a run stands that is to go on; undefined where it has no checkpoint yet. */
export async function lastProgress(out: string): Promise<Progress | undefined> {
  const last = (await checkpoints(out)).at(-1)
  if (last === undefined) return undefined
  const path = join(folderOf(out), fileOf(last))
  const { metadata } = await openCheckpoint(path)
  if (metadata?.typeclip === undefined) throw new CheckpointError(`${path} holds no run: its metadata lacks 'typeclip'`)
  return JSON.parse(metadata.typeclip) as Progress
}

/** Reads parameters and moments of the checkpoint after a step back into a trainer. */
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

/** A file, whole or as it was before. */
export async function replaceFile(path: string, content: string | Uint8Array): Promise<void> {
  const part = `${path}.part`
  try {
    await writeFile(part, content, { flush: true })
    await rename(part, path)
  } catch (error) {
    await rm(part, { force: true })
    throw error
  }
}

/** Lines of a log up to a step; what is torn or later is dropped, as if it had not been written. */
export async function keepLines(path: string, step: number): Promise<void> {
  const text = await readFile(path, 'utf8').catch(() => '')
  const kept = text.split('\n').filter((line) => {
    try {
      return (JSON.parse(line) as { step: number }).step <= step
    } catch {
      return false
    }
  })
  await replaceFile(path, kept.map((line) => `${line}\n`).join(''))
}

/** Makes a rename last through a power cut, where the system can. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
