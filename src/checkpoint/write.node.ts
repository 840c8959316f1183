// Writes files and folders whole or not at all: first under a temporary name beside the target, then renamed.

import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { UsageError } from '../errors.ts'
import { makeFolder } from '../files/make-folder.node.ts'
import { dtypeBytes } from '../graph/dtype.ts'
import type { Bytes } from './bytes.ts'
import { safetensorsHeader, type TensorHeader } from './safetensors.ts'

/** A tensor whose bytes are made when it is written, so that only one is in memory. */
export interface TensorToWrite extends TensorHeader {
  bytes(): Promise<Bytes>
}

/** An array as a tensor. */
export const arrayTensor = (values: Float32Array | Int32Array, shape: readonly number[]): TensorToWrite => ({
  dtype: values instanceof Int32Array ? 'int32' : 'float32',
  shape: [...shape],
  bytes: async () => new Uint8Array(values.slice().buffer),
})

/**
 * Writes a safetensors file.
 *
 * @throws UsageError if `path` exists and `overwrite` is not set
 */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, TensorToWrite>,
  { metadata = {}, overwrite = false }: { metadata?: Record<string, string>; overwrite?: boolean } = {},
): Promise<void> {
  // The widest types first, so that every tensor is aligned.
  const ordered = new Map([...tensors].sort(([, a], [, b]) => dtypeBytes(b.dtype) - dtypeBytes(a.dtype)))
  await atomically(path, overwrite, async (part) => {
    const file = await open(part, 'wx')
    try {
      await writeAll(file, safetensorsHeader(ordered, metadata))
      for (const tensor of ordered.values()) await writeAll(file, await tensor.bytes())
      await file.sync()
    } finally {
      await file.close()
    }
  })
}

/**
 * Makes a folder with what `fill` puts into it. The folder may exist if it is empty. With `overwrite` it may have
 * files: those of the same names are replaced, others stay.
 */
export async function writeFolder(
  path: string,
  overwrite: boolean,
  fill: (part: string) => Promise<void>,
): Promise<void> {
  await atomically(
    path,
    overwrite,
    async (part) => {
      await mkdir(part)
      await fill(part)
    },
    async (part) => {
      await makeFolder(path)
      for (const name of await readdir(part)) await rename(join(part, name), join(path, name))
      await rm(part, { recursive: true })
    },
  )
}

async function atomically(
  path: string,
  overwrite: boolean,
  write: (part: string) => Promise<void>,
  move: (part: string) => Promise<void> = (part) => rename(part, path),
): Promise<void> {
  if (!overwrite) await refuseExisting(path)
  await makeFolder(dirname(path))
  const part = join(dirname(path), `.${basename(path)}.${process.pid}-${Math.random().toString(36).slice(2, 8)}`)
  try {
    await write(part)
    await move(part)
  } catch (error) {
    await rm(part, { recursive: true, force: true })
    throw error
  }
}

async function refuseExisting(path: string): Promise<void> {
  const there = await readdir(path).then(
    (entries) => entries.length > 0,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  )
  if (there) throw new UsageError(`${path} is there already; choose another place, or write over it with \`overwrite\``)
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await file.write(bytes, done, Math.min(bytes.length - done, 1 << 30))).bytesWritten
  }
}
