// Downloads one large file: resumes it, checks its digest, and moves it into place when it is complete.

import type { Hash } from 'node:crypto'
import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { CheckpointError } from '../errors.ts'
import { temporaryName, writeAll } from '../files/atomic.node.ts'
import { makeFolder } from '../files/make-folder.node.ts'
import { type Checksum, digestFile, digestOf } from './checksum.node.ts'
import { BodyError, resumedBody } from './resumed-body.node.ts'
import { mayPass, type RetryOptions, UnavailableError } from './retry.node.ts'

export interface FileRequest extends RetryOptions {
  url: string
  /** Where the file goes. While it is incomplete, it is beside, under this name with `.incomplete`. */
  target: string
  checksum: Checksum
  /** In bytes, if known beforehand. */
  size?: number | undefined
  /** Sent to the URL's own host, and not to another that it redirects to. */
  headers?: Record<string, string>
  /** The error for a status that is not tried again. */
  refusal?: (status: number) => CheckpointError
  onProgress?: ((received: number, total: number | undefined) => void) | undefined
}

/** @throws CheckpointError with a sentence if the file cannot be downloaded; the signal's reason if it fired */
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

/** Keeps what was received for the next download. */
async function leave(part: string, target: string): Promise<void> {
  const found = await stat(part).catch(() => undefined)
  if (found?.size === 0) await rm(part)
  else if (found) await rename(part, `${target}.incomplete`)
}

/**
 * Takes over an incomplete file by renaming it, which only one process can do: two processes that fetch the same file
 * write a part each, and a part whose process has ended is continued.
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

/** A file in progress, and the digest of what it holds. */
interface Part {
  path: string
  file: FileHandle
  hash: Hash
  received: number
}

async function fill(path: string, request: FileRequest): Promise<void> {
  const { checksum, size } = request
  const already = await stat(path).then(
    ({ size }) => size,
    () => 0,
  )
  const part: Part = { path, file: await open(path, 'a'), hash: digestOf(checksum, size), received: 0 }
  try {
    if (size !== undefined && already > size) await startOver(part, request)
    else if (already > 0) {
      await digestFile(part.hash, path)
      part.received = already
    }
    await receiveAll(part, request)
    if (already > 0 && !matches(part, request)) {
      // The part that was left may be damaged: download again from the start.
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
  const position = () => part.received
  if (part.received > 0 && part.received === request.size) return
  try {
    const body = resumedBody({ ...request, position, rewinds: true, isWhole: () => matches(part, request) })
    for await (const { bytes, at, total } of body) {
      if (at !== part.received) await startOver(part, request)
      if (total !== undefined && at + bytes.length > total) {
        await startOver(part, request)
        throw new CheckpointError(`${request.url}: the server sends more than the ${total} bytes that were announced`)
      }
      await writeChunk(part, bytes)
      part.hash.update(bytes)
      part.received += bytes.length
      request.onProgress?.(part.received, total)
    }
  } catch (error) {
    throw error instanceof BodyError ? unavailable(error, part, request) : error
  }
}

function unavailable({ broken, tries }: BodyError, { received }: Part, { url, refusal }: FileRequest) {
  const { reason, answer, advice = '' } = broken
  if (answer && !mayPass(answer.status)) {
    return refusal?.(answer.status) ?? new UnavailableError(`${url}: ${reason}`, `it answered ${answer.status}`)
  }
  const often = tries === 1 ? '' : `, ${tries} times in a row`
  const kept = received === 0 ? '' : `; ${received} bytes are kept, and the next download resumes there`
  return new UnavailableError(`${url}: ${reason}${often}${kept}${advice}`, `${new URL(url).host}: ${reason}`)
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
