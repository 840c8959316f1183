// Files on disk as byte sources.

import { type FileHandle, open, realpath } from 'node:fs/promises'
import { CheckpointError } from '../errors.ts'
import type { ByteSource } from './byte-source.ts'

// One read system call takes at most 2 GiB.
const maxRead = 1 << 30

/** Opens a file for `use` and closes it afterwards. Symbolic links (the hub's cache is made of them) are followed first. */
export async function withFile<T>(path: string, use: (source: ByteSource) => Promise<T>): Promise<T> {
  const real = await realpath(path).catch(explain(path))
  const handle = await open(real, 'r').catch(explain(real))
  try {
    const stat = await handle.stat()
    if (!stat.isFile()) throw new CheckpointError(`${real}: is not a file; give the path of a checkpoint file`)
    return await use({
      path: real,
      size: stat.size,
      read: (offset, length) => readFully(handle, real, offset, length),
    })
  } finally {
    await handle.close()
  }
}

async function readFully(handle: FileHandle, path: string, offset: number, length: number) {
  const bytes = new Uint8Array(length)
  for (let done = 0; done < length; ) {
    const { bytesRead } = await handle.read(bytes, done, Math.min(length - done, maxRead), offset + done)
    if (bytesRead === 0) {
      throw new CheckpointError(
        `${path}: ends at byte ${offset + done}, ${length - done} bytes early; it is cut short, fetch it again`,
      )
    }
    done += bytesRead
  }
  return bytes
}

/** Makes a CheckpointError of a system error (no such file, no permission). */
const explain =
  (path: string) =>
  (error: NodeJS.ErrnoException): never => {
    if (error.code === 'ENOENT') throw new CheckpointError(`${path}: no such file; check the path`)
    throw new CheckpointError(`${path}: cannot be opened (${error.code ?? error.message})`)
  }
