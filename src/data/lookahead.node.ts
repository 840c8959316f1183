// Draws up to `most` items from a stream before the consumer needs them.

import { setTimeout as sleep } from 'node:timers/promises'

export function lookahead<T>(stream: AsyncGenerator<T, void, undefined>, most: number) {
  const ready: T[] = []
  let ended = false
  let failure: { error: unknown } | undefined
  let drawing: Promise<void> | undefined
  let wake = () => {}

  async function drawAll(): Promise<void> {
    try {
      while (!ended && ready.length < most) {
        const { done, value } = await stream.next()
        if (done) ended = true
        else ready.push(value)
        wake()
      }
    } catch (error) {
      failure = { error }
      ended = true
      wake()
    }
  }
  function draw(): void {
    drawing ??= drawAll().finally(() => {
      drawing = undefined
      if (!ended && ready.length < most) draw()
    })
  }

  return {
    /** The next item; undefined at the end. */
    async next(): Promise<T | undefined> {
      for (;;) {
        draw()
        if (ready.length > 0) return ready.shift()
        if (failure) throw failure.error
        if (ended) return undefined
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
    /** Waits until `most` items are drawn, or for `milliseconds`. */
    async filled(milliseconds: number): Promise<void> {
      draw()
      await Promise.race([drawing, sleep(milliseconds)])
    },
    async close(): Promise<void> {
      ended = true
      await drawing
      await stream.return()
    },
  }
}
