// Retries of a request: after failures that may pass, with longer and longer waits.

import { setTimeout as sleep } from 'node:timers/promises'
import { CheckpointError, UsageError } from '../errors.ts'
import { fetchByProxy, inWords, ProxyError } from './proxy.node.ts'

/** How long a failed request is tried again. */
export interface RetryOptions {
  signal?: AbortSignal | undefined
  /** Milliseconds before the second try; doubled each time. Default: 1000. */
  retryDelay?: number | undefined
  /** Called with a sentence about the wait: after a second without an answer, and before each new try. */
  onWait?: ((message: string) => void) | undefined
}

export const tries = 5
const longestSilence = 30_000
const longestPause = 30_000
/** Milliseconds of silence before `onWait` is called. */
const quiet = 1000

/** A server refuses, or cannot be reached: a copy in the cache may be used instead. */
export class UnavailableError extends CheckpointError {
  /** The message in a few words. */
  readonly reason: string

  constructor(message: string, reason: string, cause?: unknown) {
    super(message, { cause })
    this.reason = reason
  }
}

/** Whether a later try may have another status. */
export const mayPass = (status: number): boolean => status === 408 || status === 429 || status >= 500

/** One `fetch`, through a proxy if the environment names one. */
export async function fetchOnce(address: string | URL, init?: RequestInit): Promise<Response> {
  const response = await fetchByProxy(address, init)
  answered.add(new URL(address).host)
  return response
}

/** Hosts that have answered since the process began. */
const answered = new Set<string>()

/** Tries for a host that has not answered yet: an unknown name, no network or a closed port does not change in seconds. */
const fewTries: Readonly<Record<string, number>> = {
  ENOTFOUND: 2,
  EAI_AGAIN: 3,
  ECONNREFUSED: 3,
  ENETDOWN: 3,
  ENETUNREACH: 3,
  EHOSTUNREACH: 3,
}

/** The number of tries in all after a failure. */
export function triesAfter(error: unknown, address: string | URL): number {
  const code = codeOf(error) ?? ''
  if (error instanceof UsageError || isCertificateProblem(code)) return 1
  return answered.has(new URL(address).host) ? tries : (fewTries[code] ?? tries)
}

export interface Failure {
  address: string | URL
  /** What happened, in a few words. */
  reason: string
  /** Tries in all. */
  tries?: number | undefined
  /** The server's Retry-After header. */
  retryAfter?: string | null | undefined
}

/** Waits before try number `attempt + 1`, at most half a minute; as long as the server says, if it does. */
export function pause(attempt: number, { signal, retryDelay = 1000, onWait }: RetryOptions, failure: Failure) {
  const asked = Number(failure.retryAfter ?? Number.NaN) * 1000
  const delay = Number.isFinite(asked) ? asked : retryDelay * 2 ** (attempt - 1) * (0.75 + Math.random() / 2)
  const wait = Math.min(delay, longestPause)
  const { host } = new URL(failure.address)
  const when = wait < 1000 ? 'now' : `in ${Math.round(wait / 1000)} s`
  onWait?.(`${host}: ${failure.reason}; trying again ${when} (try ${attempt + 1} of ${failure.tries ?? tries})`)
  return sleep(wait, undefined, { signal })
}

export interface Silence {
  signal: AbortSignal
  /** Call it when something was received. */
  alive(): void
  done(): void
}

/** A signal for one try, which also fires when nothing was received for half a minute. */
export function silenceSignal(
  { signal, onWait }: RetryOptions,
  address: string | URL,
  longest: number = longestSilence,
): Silence {
  const silence = new AbortController()
  const onSilence = () => silence.abort(new Error(`nothing was received for ${longest / 1000} seconds`))
  const onQuiet = () => onWait?.(`waiting for ${new URL(address).host}, for up to ${longest / 1000} s`)
  let timers: NodeJS.Timeout[] = []
  const start = () => {
    timers = [setTimeout(onSilence, longest), ...(onWait ? [setTimeout(onQuiet, quiet)] : [])]
  }
  const done = () => timers.forEach(clearTimeout)
  start()
  return {
    signal: signal ? AbortSignal.any([signal, silence.signal]) : silence.signal,
    alive() {
      done()
      start()
    },
    done,
  }
}

/**
 * `fetch` for short answers. Returns the last answer, whatever its status, and throws only if there was none.
 *
 * @param once whether one try, of a few seconds, is enough
 */
export function retryingFetch(options: RetryOptions, once = false): typeof fetch {
  return async (input, init) => {
    const address = input instanceof Request ? input.url : input
    for (let attempt = 1; ; attempt++) {
      const silence = silenceSignal(options, address, once ? 5000 : longestSilence)
      let failure: Failure
      try {
        const response = await fetchOnce(address, { ...init, signal: silence.signal })
        if (once || !mayPass(response.status) || attempt === tries) return response
        await response.body?.cancel()
        const { status, headers } = response
        failure = { address, reason: `the server answered ${status}`, retryAfter: headers.get('retry-after') }
      } catch (error) {
        options.signal?.throwIfAborted()
        const allowed = triesAfter(error, address)
        if (once || attempt >= allowed) throw error
        failure = { address, reason: reasonOf(error), tries: allowed }
      } finally {
        silence.done()
      }
      await pause(attempt, options, failure)
    }
  }
}

/** Why a request failed: fetch has it in `cause`. */
export function reasonOf(error: unknown): string {
  const { cause, message } = error as Error & { cause?: Error }
  if (cause instanceof ProxyError) return cause.message
  const code = codeOf(error)
  return code === undefined ? (cause?.message ?? message) : inWords(code)
}

const codeOf = (error: unknown): string | undefined =>
  ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code ?? undefined

const isCertificateProblem = (code: string): boolean => /CERT|^UNABLE_TO_|SELF_SIGNED/.test(code)

/** What a user can do about a host that cannot be reached. */
export function networkAdvice(error: unknown): string {
  if (isCertificateProblem(codeOf(error) ?? '')) {
    return 'Its certificate is not trusted here: if your organisation inspects traffic, set NODE_EXTRA_CA_CERTS to the file of its certificate'
  }
  const proxied = (error as Error).cause instanceof ProxyError
  return proxied ? 'Check HTTPS_PROXY and NO_PROXY' : 'Check the network; behind a proxy, set HTTPS_PROXY'
}
