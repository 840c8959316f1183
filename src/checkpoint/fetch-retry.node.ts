// One request that survives a bad network: it is tried again, later and later, after what may pass by itself.

import { setTimeout as sleep } from 'node:timers/promises'

export interface RetryOptions {
  signal?: AbortSignal | undefined
  /** Milliseconds before the second try; doubled each time. */
  retryDelay?: number | undefined
}

export const tries = 5
const longestSilence = 30_000

/** Answers that a later try may better. */
export const mayPass = (status: number): boolean => status === 408 || status === 429 || status >= 500

/** Waits before try number `attempt + 1`, at most half a minute; longer or shorter where the server says so. */
export function pause(attempt: number, { signal, retryDelay = 1000 }: RetryOptions, retryAfter?: string | null) {
  const asked = Number(retryAfter ?? Number.NaN) * 1000
  const delay = Number.isFinite(asked) ? asked : retryDelay * 2 ** (attempt - 1) * (0.75 + Math.random() / 2)
  return sleep(Math.min(delay, longestSilence), undefined, { signal })
}

/**
 * A signal for one try, which also fires when nothing has come for half a minute; `alive` is to be called when
 * something has.
 */
export function silenceSignal(signal: AbortSignal | undefined): { signal: AbortSignal; alive(): void; done(): void } {
  const silence = new AbortController()
  const onSilence = () => silence.abort(new Error(`nothing was received for ${longestSilence / 1000} seconds`))
  let timer = setTimeout(onSilence, longestSilence)
  return {
    signal: signal ? AbortSignal.any([signal, silence.signal]) : silence.signal,
    alive() {
      clearTimeout(timer)
      timer = setTimeout(onSilence, longestSilence)
    },
    done: () => clearTimeout(timer),
  }
}

/** `fetch` for short answers. Gives the last answer, whatever it is, and throws only where there was none. */
export function retryingFetch(options: RetryOptions): typeof fetch {
  return async (input, init) => {
    for (let attempt = 1; ; attempt++) {
      const silence = silenceSignal(options.signal)
      try {
        const response = await fetch(input, { ...init, signal: silence.signal })
        if (!mayPass(response.status) || attempt === tries) return response
        await response.body?.cancel()
        await pause(attempt, options, response.headers.get('retry-after'))
      } catch (error) {
        options.signal?.throwIfAborted()
        if (attempt === tries) throw error
        await pause(attempt, options)
      } finally {
        silence.done()
      }
    }
  }
}

/** The reason of a failed request: fetch hides it in `cause`. */
export function reasonOf(error: unknown): string {
  const { cause, message } = error as Error & { cause?: NodeJS.ErrnoException }
  return cause?.code ?? cause?.message ?? message
}
