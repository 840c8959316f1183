// A worker thread of the image pool: reads, decodes and resamples, and returns only the small result.
import { parentPort, workerData } from 'node:worker_threads'
import { type Job, type Prepared, type PrepareOptions, prepare } from './prepare.node.ts'

/** One for each job, in the same order. */
export type Answer = Prepared | { error: string; input: boolean; option?: string; code?: string }

const options = workerData as PrepareOptions

async function work(job: Job): Promise<void> {
  try {
    const prepared = await prepare(job, options)
    parentPort?.postMessage(prepared satisfies Answer, [prepared.pixels.buffer as ArrayBuffer])
  } catch (error) {
    const { name, message, cause, option } = error as Error & { option?: string }
    const { code } = (cause ?? {}) as NodeJS.ErrnoException
    parentPort?.postMessage({
      error: message,
      input: name === 'InputError',
      ...(option && { option }),
      ...(code && { code }),
    } satisfies Answer)
  }
}

// One job after the other, so that a thread holds one decoded image at a time.
let last = Promise.resolve()
parentPort?.on('message', (job: Job) => {
  last = last.then(() => work(job))
})
