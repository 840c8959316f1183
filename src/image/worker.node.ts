// A worker thread of the image pool: reads, decodes and resamples, and hands back only the small result.
import { parentPort, workerData } from 'node:worker_threads'
import { type PrepareOptions, prepare, type Seeds, type Source } from './prepare.node.ts'

export interface Job {
  source: Source
  seeds?: Seeds
}

/** Answers come in the order of the jobs. */
export type Answer = { pixels: Uint8Array } | { error: string; input: boolean; option?: string }

const options = workerData as PrepareOptions

async function work({ source, seeds }: Job): Promise<void> {
  try {
    const pixels = await prepare(source, options, seeds)
    parentPort?.postMessage({ pixels } satisfies Answer, [pixels.buffer as ArrayBuffer])
  } catch (error) {
    const { name, message, option } = error as Error & { option?: string }
    parentPort?.postMessage({
      error: message,
      input: name === 'InputError',
      ...(option && { option }),
    } satisfies Answer)
  }
}

// One after the other, so that a thread holds one decoded picture at a time.
let last = Promise.resolve()
parentPort?.on('message', (job: Job) => {
  last = last.then(() => work(job))
})
