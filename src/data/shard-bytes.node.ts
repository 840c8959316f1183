// The bytes of a shard from front to back: a local file, or http(s) that survives a bad network.

import { type FileHandle, open } from 'node:fs/promises'
import { fetchOnce, mayPass, pause, reasonOf, silenceSignal, tries, triesAfter } from '../download/retry.node.ts'
import { InputError, UsageError } from '../errors.ts'
import type { ByteStream } from './tar.ts'

/** How shards are fetched over http. */
export interface ShardBytesOptions {
  signal?: AbortSignal | undefined
  /** Milliseconds before the second try; doubled each time. */
  retryDelay?: number | undefined
}

export const isUrl = (where: string): boolean => /^https?:\/\//i.test(where)

/** @throws InputError where it cannot be opened; reading may throw one too */
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

/** Read at a time: many small members, or the header between two large ones. */
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

/** The body of an answer; where the connection breaks, it is asked for the rest. */
async function* fetchChunks(url: string, options: ShardBytesOptions): AsyncGenerator<Uint8Array> {
  let at = 0
  for (let attempt = 1; ; attempt++) {
    const silence = silenceSignal(options, url)
    const wait = new AbortController()
    try {
      const headers = { 'accept-encoding': 'identity', ...(at > 0 && { range: `bytes=${at}-` }) }
      const signal = AbortSignal.any([silence.signal, wait.signal])
      const response = await fetchOnce(url, { headers, signal })
      if (mayPass(response.status) && attempt < tries) {
        await response.body?.cancel()
        await pause(attempt, options, {
          address: url,
          reason: `the server answered ${response.status}`,
          retryAfter: response.headers.get('retry-after'),
        })
        continue
      }
      if (!response.ok) throw new InputError(`the server answered ${response.status} ${response.statusText}`)
      // A server that knows no ranges begins anew.
      let known = response.status === 206 ? 0 : at
      for await (const chunk of response.body ?? []) {
        silence.alive()
        const fresh = chunk.subarray(Math.min(known, chunk.length))
        known -= chunk.length - fresh.length
        if (fresh.length === 0) continue
        at += fresh.length
        attempt = 1
        yield fresh
      }
      return
    } catch (error) {
      options.signal?.throwIfAborted()
      if (error instanceof InputError || error instanceof UsageError) throw error
      const allowed = triesAfter(error, url)
      if (attempt >= allowed) throw new InputError(`cannot be fetched (${reasonOf(error)})`, { cause: error })
      await pause(attempt, options, { address: url, reason: reasonOf(error), tries: allowed })
    } finally {
      silence.done()
      wait.abort() // a consumer that stops early leaves no open connection
    }
  }
}
