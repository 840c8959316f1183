// Downloads one large file: resumed where it broke off, checked against its digest, and moved into place when it is whole.

import type { Hash } from 'node:crypto'
import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { CheckpointError, UsageError } from '../errors.ts'
import { temporaryName, writeAll } from '../files/atomic.node.ts'
import { makeFolder } from '../files/make-folder.node.ts'
import { type Checksum, digestFile, digestOf } from './checksum.node.ts'
import {
  type Failure,
  fetchOnce,
  mayPass,
  networkAdvice,
  pause,
  type RetryOptions,
  reasonOf,
  silenceSignal,
  tries,
  triesAfter,
  UnavailableError,
} from './retry.node.ts'

export interface FileRequest extends RetryOptions {
  url: string
  /** Where the file goes. While it is incomplete, it lies beside under this name and `.incomplete`. */
  target: string
  checksum: Checksum
  /** Bytes, where known beforehand. */
  size?: number | undefined
  /** Sent to the URL's own host, and not to another that it redirects to. */
  headers?: Record<string, string>
  /** What an answer means that a later try would not better. */
  refusal?: (status: number) => CheckpointError
  onProgress?: ((received: number, total: number | undefined) => void) | undefined
}

/** @throws CheckpointError where the file cannot be had, with a sentence; the signal's reason where it fired */
export async function fetchFile(request: FileRequest): Promise<void> {
  request.signal?.throwIfAborted()
  await makeFolder(dirname(request.target))
  const part = await claimPart(request.target)
  try {
    await fill(part, request)
    await rename(part, request.target)
  } catch (error) {
    await leave(part, request.target)
    throw error
  }
}

/** For the next one to go on from. */
async function leave(part: string, target: string): Promise<void> {
  const found = await stat(part).catch(() => undefined)
  if (found?.size === 0) await rm(part)
  else if (found) await rename(part, `${target}.incomplete`)
}

/**
 * Takes an incomplete file over by renaming it, which only one process can: two that fetch the same file write each
 * its own part, and a part whose process is gone is gone on with.
 */
async function claimPart(target: string): Promise<string> {
  const part = temporaryName(`${target}.incomplete`)
  const folder = dirname(target)
  const left = (await readdir(folder)).filter((name) => name.startsWith(`${basename(target)}.incomplete`))
  for (const name of left.filter(isOrphan)) {
    const claimed = await rename(join(folder, name), part).then(
      () => true,
      () => false,
    )
    if (claimed) return part
  }
  return part
}

function isOrphan(name: string): boolean {
  const pid = /\.incomplete\.(\d+)-\w+$/.exec(name)?.[1]
  if (!pid) return name.endsWith('.incomplete')
  try {
    process.kill(Number(pid), 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

/** What is there, and the digest of it. */
interface Part {
  path: string
  file: FileHandle
  hash: Hash
  received: number
  /** The server's name of this content, so that a part is not gone on with from another. */
  etag: string | undefined
}

async function fill(path: string, request: FileRequest): Promise<void> {
  const { checksum, size } = request
  const already = await stat(path).then(
    ({ size }) => size,
    () => 0,
  )
  const part: Part = { path, file: await open(path, 'a'), hash: digestOf(checksum, size), received: 0, etag: undefined }
  try {
    if (size !== undefined && already > size) await startOver(part, request)
    else if (already > 0) {
      await digestFile(part.hash, path)
      part.received = already
    }
    await receiveAll(part, request)
    if (already > 0 && !matches(part, request)) {
      // What was left there may have been damaged: once more from the beginning.
      await startOver(part, request)
      await receiveAll(part, request)
    }
    if (!matches(part, request)) {
      await startOver(part, request)
      throw new CheckpointError(
        `${request.url}: what was received is not what was published (its ${checksum.kind === 'git' ? 'git SHA-1' : 'SHA-256'} is not ${checksum.hex}); try again, or check what stands between you and the server`,
      )
    }
    await part.file.sync()
  } finally {
    await part.file.close()
  }
}

const matches = (part: Part, { checksum }: FileRequest): boolean => part.hash.copy().digest('hex') === checksum.hex

async function startOver(part: Part, { checksum, size }: FileRequest): Promise<void> {
  await part.file.truncate(0)
  part.received = 0
  part.hash = digestOf(checksum, size)
}

async function receiveAll(part: Part, request: FileRequest): Promise<void> {
  if (part.received > 0 && part.received === request.size) return
  for (let attempt = 1; ; attempt++) {
    const before = part.received
    const failed = await receive(part, request)
    if (!failed) return
    request.signal?.throwIfAborted()
    // A connection that brings something before it breaks may break as often as it likes.
    if (part.received > before) attempt = 1
    const { tries: allowed = tries, reason, advice = '' } = failed
    if (attempt >= allowed) {
      const often = attempt === 1 ? '' : `, ${attempt} times in a row`
      const kept = part.received === 0 ? '' : `; ${part.received} bytes are kept, and the next download resumes there`
      throw new UnavailableError(
        `${request.url}: ${reason}${often}${kept}${advice}`,
        `${new URL(request.url).host}: ${reason}`,
      )
    }
    await pause(attempt, request, failed)
  }
}

/** One request. Returns why it failed and may be tried again, or nothing when all has come. */
async function receive(part: Part, request: FileRequest): Promise<(Failure & { advice?: string }) | undefined> {
  const address = request.url
  const silence = silenceSignal(request, address)
  try {
    const response = await fetchOnce(address, { headers: rangeHeaders(part, request), signal: silence.signal })
    if (response.status === 416) {
      // Nothing is left to send: either all is there, which the digest tells, or the part is of something else.
      await response.body?.cancel()
      if (part.received === 0 || matches(part, request)) return undefined
      await startOver(part, request)
      return { address, reason: 'the server has fewer bytes than were received' }
    }
    if (!response.ok) {
      await response.body?.cancel()
      if (mayPass(response.status))
        return {
          address,
          reason: `the server answered ${response.status}`,
          retryAfter: response.headers.get('retry-after'),
        }
      throw (
        request.refusal?.(response.status) ??
        new UnavailableError(`${address}: the server answered ${response.status}`, `it answered ${response.status}`)
      )
    }
    const start = response.status === 206 ? rangeStart(response) : 0
    if (start !== part.received) {
      if (start !== 0)
        throw new CheckpointError(`${request.url}: the server sent bytes from ${start}, not from ${part.received}`)
      await startOver(part, request)
    }
    part.etag = response.headers.get('etag') ?? undefined
    const total = request.size ?? totalOf(response, start)
    await store(part, response, request, total, silence.alive)
    return total === undefined || part.received >= total ? undefined : { address, reason: 'the connection ended early' }
  } catch (error) {
    if (error instanceof CheckpointError || error instanceof UsageError || isDiskError(error)) throw error
    const allowed = triesAfter(error, address)
    return { address, reason: reasonOf(error), tries: allowed, advice: `. ${networkAdvice(error)}` }
  } finally {
    silence.done()
  }
}

function rangeHeaders(part: Part, { headers }: FileRequest): Record<string, string> {
  // Compressed on the way, a range would count other bytes than the file's.
  const plain = { ...headers, 'accept-encoding': 'identity' }
  if (part.received === 0) return plain
  const strong = part.etag !== undefined && !part.etag.startsWith('W/')
  return { ...plain, range: `bytes=${part.received}-`, ...(strong ? { 'if-range': part.etag! } : {}) }
}

const rangeStart = (response: Response): number =>
  Number(/^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1] ?? Number.NaN)

function totalOf(response: Response, start: number): number | undefined {
  const length = response.headers.get('content-length')
  return length === null ? undefined : start + Number(length)
}

async function store(
  part: Part,
  response: Response,
  request: FileRequest,
  total: number | undefined,
  alive: () => void,
) {
  for await (const chunk of response.body ?? []) {
    alive()
    if (total !== undefined && part.received + chunk.length > total) {
      await startOver(part, request)
      throw new CheckpointError(`${request.url}: the server sends more than the ${total} bytes that were announced`)
    }
    await writeChunk(part, chunk)
    part.hash.update(chunk)
    part.received += chunk.length
    request.onProgress?.(part.received, total)
  }
}

async function writeChunk({ file, path }: Part, chunk: Uint8Array): Promise<void> {
  try {
    await writeAll(file, chunk)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    throw new CheckpointError(
      `${path}: the disk is full; make room and download again, it continues from where it stopped`,
      { cause: error },
    )
  }
}

const isDiskError = (error: unknown): boolean => (error as NodeJS.ErrnoException).syscall === 'write'
