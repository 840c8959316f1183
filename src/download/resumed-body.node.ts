// The bytes of one address over as many connections as it takes: after one breaks, the next asks for the rest.

import { UsageError } from '../errors.ts'
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
} from './retry.node.ts'

export interface BodyRequest extends RetryOptions {
  url: string
  headers?: Record<string, string> | undefined
  /** The number of bytes that the caller has; the next connection asks for those after them. */
  position(): number
  /** Whether the caller takes the body from byte 0 again. Otherwise bytes before `position` are dropped. */
  rewinds?: boolean | undefined
  /** Bytes of the whole body, if known beforehand. */
  size?: number | undefined
  /** Whether the caller has the whole body, when the server says that nothing follows. Default: yes. */
  isWhole?: (() => boolean) | undefined
}

/** Some bytes of a body. */
export interface Piece {
  bytes: Uint8Array
  /** The place of the first byte; 0 again if the server started over. */
  at: number
  /** Bytes of the whole body, if known. */
  total: number | undefined
}

interface Broken extends Omit<Failure, 'address'> {
  /** The server's answer, if it is the reason. */
  answer?: Response
  /** What a user can do about it. */
  advice?: string
  error?: unknown
}

/** The server refuses, or the last try failed. The message is the reason in a few words. */
export class BodyError extends Error {
  readonly broken: Broken
  /** Tries in a row that brought nothing. */
  readonly tries: number

  constructor(broken: Broken, tries = 1) {
    super(broken.reason, { cause: broken.error })
    this.broken = broken
    this.tries = tries
  }
}

/** @throws BodyError; UsageError for a proxy that cannot be used; the signal's reason if it fired */
export async function* resumedBody(request: BodyRequest): AsyncGenerator<Piece, void, undefined> {
  const { url, rewinds, isWhole } = request
  let etag: string | undefined
  let startOver = false
  for (let attempt = 1; ; attempt++) {
    const from = startOver ? 0 : request.position()
    let at = from
    let broken: Broken
    const silence = silenceSignal(request, url)
    const left = new AbortController()
    try {
      const signal = AbortSignal.any([silence.signal, left.signal])
      const response = await fetchOnce(url, { headers: rangeHeaders(from, etag, request.headers), signal })
      const { status, headers } = response
      if (status === 416 && (from === 0 || isWhole?.() !== false)) return
      if (response.ok) {
        at = status === 206 ? (rangeStart(headers) ?? from) : 0
        if (at !== 0 && at !== from)
          throw new BodyError({ reason: `the server sent bytes from ${at}, not from ${from}` })
        const now = headers.get('etag') ?? undefined
        if (!rewinds && from > 0 && (etag ?? now) !== (now ?? etag))
          throw new BodyError({ reason: 'its content changed while it was read' })
        etag = now
        startOver = false
        const total = request.size ?? totalOf(headers, at)
        for await (const bytes of response.body ?? []) {
          silence.done() // the caller may take its time
          const fresh = rewinds ? bytes : bytes.subarray(Math.max(0, from - at))
          at += bytes.length
          if (fresh.length > 0) yield { bytes: fresh, at: at - fresh.length, total }
          silence.alive()
        }
        if (total === undefined || at >= total) return
        broken = { reason: 'the connection ended early' }
      } else if (status === 416) {
        startOver = true
        broken = { reason: 'the server has fewer bytes than were received' }
      } else {
        broken = { reason: `the server answered ${status}`, answer: response, retryAfter: headers.get('retry-after') }
        if (!mayPass(status)) throw new BodyError(broken)
      }
    } catch (error) {
      request.signal?.throwIfAborted()
      if (error instanceof BodyError || error instanceof UsageError) throw error
      broken = { reason: reasonOf(error), tries: triesAfter(error, url), advice: `. ${networkAdvice(error)}`, error }
    } finally {
      silence.done()
      left.abort() // a caller that stops early leaves no open connection
    }
    // A connection that brings something before it breaks may break any number of times.
    if (at > from) attempt = 1
    if (attempt >= (broken.tries ?? tries)) throw new BodyError(broken, attempt)
    await pause(attempt, request, { address: url, ...broken })
  }
}

function rangeHeaders(from: number, etag: string | undefined, headers: Record<string, string> | undefined) {
  // Compressed on the way, a range would count other bytes than the file's.
  const plain = { ...headers, 'accept-encoding': 'identity' }
  if (from === 0) return plain
  const isStrong = etag !== undefined && !etag.startsWith('W/')
  return { ...plain, range: `bytes=${from}-`, ...(isStrong ? { 'if-range': etag } : {}) }
}

function rangeStart(headers: Headers): number | undefined {
  const start = /^bytes (\d+)-/.exec(headers.get('content-range') ?? '')?.[1]
  return start === undefined ? undefined : Number(start)
}

function totalOf(headers: Headers, start: number): number | undefined {
  const length = headers.get('content-length')
  return length === null ? undefined : start + Number(length)
}
