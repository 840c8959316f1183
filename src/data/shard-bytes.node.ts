// The bytes of a shard from front to back: a local file, or http(s) that survives a bad network.

import { type FileHandle, open } from 'node:fs/promises'
import { BodyError, resumedBody } from '../download/resumed-body.node.ts'
import { InputError } from '../errors.ts'
import type { ByteStream } from './tar.ts'

/** How shards are fetched over http. */
export interface ShardBytesOptions {
  signal?: AbortSignal | undefined
  /** Milliseconds before the second try; doubled each time. */
  retryDelay?: number | undefined
}

export const isUrl = (where: string): boolean => /^https?:\/\//i.test(where)

/** @throws InputError if it cannot be opened; reading may throw one too */
export async function shardBytes(where: string, options: ShardBytesOptions = {}): Promise<ByteStream> {
  return isUrl(where) ? chunkStream(fetchChunks(where, options)) : fileStream(await openFile(where))
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path)
  } catch (error) {
    throw new InputError(`cannot be opened (${(error as Error).message})`, { cause: error })
  }
}

/** Bytes read at once: many small members, or the header between two large ones. */
const windowBytes = 1 << 18

function fileStream(file: FileHandle): ByteStream {
  let window: Uint8Array = new Uint8Array(0)
  let windowAt = 0
  let at = 0
  let size: number | undefined

  async function readAt(position: number, count: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(count)
    let had = 0
    while (had < count) {
      const { bytesRead } = await file.read(bytes, had, count - had, position + had)
      if (bytesRead === 0) break
      had += bytesRead
    }
    return bytes.subarray(0, had)
  }

  return {
    async read(count) {
      if (at < windowAt || at + count > windowAt + window.length) {
        window = await readAt(at, Math.max(count, windowBytes))
        windowAt = at
      }
      const begin = at - windowAt
      const bytes = window.slice(begin, begin + count)
      at += bytes.length
      return bytes
    },
    async skip(count) {
      size ??= (await file.stat()).size
      const had = Math.min(count, Math.max(0, size - at))
      at += had
      return had
    },
    close: () => file.close(),
  }
}

function chunkStream(chunks: AsyncGenerator<Uint8Array>): ByteStream {
  let rest: Uint8Array = new Uint8Array(0)
  /** Gives up to `count` bytes, piece by piece. */
  async function take(count: number, use: (piece: Uint8Array) => void): Promise<number> {
    let had = 0
    while (had < count) {
      if (rest.length === 0) {
        const { done, value } = await chunks.next()
        if (done) break
        rest = value
      }
      const piece = rest.subarray(0, count - had)
      use(piece)
      had += piece.length
      rest = rest.subarray(piece.length)
    }
    return had
  }
  return {
    async read(count) {
      const pieces: Uint8Array[] = []
      await take(count, (piece) => pieces.push(piece))
      return pieces.length === 1 ? pieces[0]!.slice() : new Uint8Array(Buffer.concat(pieces))
    },
    skip: (count) => take(count, () => {}),
    close: async () => {
      await chunks.return(undefined)
    },
  }
}

async function* fetchChunks(url: string, { signal, retryDelay }: ShardBytesOptions): AsyncGenerator<Uint8Array> {
  let at = 0
  try {
    for await (const { bytes } of resumedBody({ url, signal, retryDelay, position: () => at })) {
      at += bytes.length
      yield bytes
    }
  } catch (error) {
    if (!(error instanceof BodyError)) throw error
    const { answer, reason } = error.broken
    const what = answer ? `the server answered ${answer.status} ${answer.statusText}` : `cannot be fetched (${reason})`
    throw new InputError(what, { cause: error })
  }
}
