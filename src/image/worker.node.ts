// A worker thread of the image pool: reads, decodes and resamples, and hands back only the small result.
import { parentPort, workerData } from 'node:worker_threads'
import { type PrepareOptions, prepare, type Source } from './prepare.node.ts'

export interface Job {
  id: number
  source: Source
}

export type Answer = { id: number; pixels: Uint8Array } | { id: number; error: string; input: boolean }

const options = workerData as PrepareOptions

parentPort?.on('message', async ({ id, source }: Job) => {
  try {
    const pixels = await prepare(source, options)
    parentPort?.postMessage({ id, pixels } satisfies Answer, [pixels.buffer as ArrayBuffer])
  } catch (error) {
    const { name, message } = error as Error
    parentPort?.postMessage({ id, error: message, input: name === 'InputError' } satisfies Answer)
  }
})
