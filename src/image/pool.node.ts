// Decoding and resampling away from the main thread, whose event loop stands still while the model runs.
import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { InputError, UsageError } from '../errors.ts'
import { type PrepareOptions, prepare, type Source } from './prepare.node.ts'
import type { Answer, Job } from './worker.node.ts'

export interface ImagePoolOptions extends PrepareOptions {
  /** Threads at most; as many as there are cores unless told. 0: everything on the calling thread. */
  workers?: number | undefined
}

export interface ImagePool {
  /** A path, the bytes of a file, or pixels → `[3, size, size]` bytes, before normalising. */
  preprocess(source: Source): Promise<Uint8Array>
  /** Ends the threads; pictures still waiting are refused. */
  close(): Promise<void>
}

/** So many pictures are done on the calling thread first: for a few, starting threads would take longer. */
const withoutThreads = 2

interface Task extends Job {
  resolve(pixels: Uint8Array): void
  reject(error: Error): void
}

export function createImagePool({ workers, ...options }: ImagePoolOptions): ImagePool {
  const file = workerFile()
  const most = file ? (workers ?? availableParallelism()) : 0
  const waiting: Task[] = []
  const threads = new Map<Worker, Task | undefined>()
  let count = 0
  let closed = false

  function start(url: URL): void {
    const worker = new Worker(url, { workerData: options })
    worker.unref()
    threads.set(worker, undefined)
    worker.on('message', (answer: Answer) => {
      const task = threads.get(worker)
      threads.set(worker, undefined)
      worker.unref()
      if ('pixels' in answer) task?.resolve(answer.pixels)
      else task?.reject(answer.input ? new InputError(answer.error) : new Error(answer.error))
      next()
    })
    const lost = (reason: string) => {
      const task = threads.get(worker)
      if (!threads.delete(worker)) return
      task?.reject(new InputError(`${label(task.source)}: the thread that decoded it ended (${reason})`))
      next()
    }
    worker.on('error', (error) => lost(error.message))
    worker.on('exit', (code) => lost(`exit code ${code}`))
  }

  function next(): void {
    if (closed || !file) return
    if (waiting.length > 0 && threads.size < most && ![...threads.values()].includes(undefined)) start(file)
    for (const [worker, task] of threads) {
      if (task) continue
      const chosen = waiting.shift()
      if (!chosen) return
      threads.set(worker, chosen)
      worker.ref() // while it works, so that the process waits for the answer
      worker.postMessage({ id: chosen.id, source: chosen.source } satisfies Job)
    }
  }

  return {
    async preprocess(source) {
      if (closed) throw new UsageError('image pool: it is closed; create another one')
      const id = count++
      if (most === 0 || id < withoutThreads) return prepare(source, options)
      return new Promise((resolve, reject) => {
        waiting.push({ id, source, resolve, reject })
        next()
      })
    },
    async close() {
      closed = true
      const ended = new UsageError('image pool: it was closed before this picture was done')
      for (const task of [...waiting.splice(0), ...threads.values()]) task?.reject(ended)
      const all = [...threads.keys()]
      threads.clear()
      await Promise.all(all.map((worker) => worker.terminate()))
    },
  }
}

/**
 * The worker's program. Run from TypeScript source, it is that source where Node can run it, else the last build's;
 * without either there are no threads.
 */
function workerFile(): URL | undefined {
  const own = import.meta.url
  if (!own.endsWith('.ts')) return new URL('./worker.node.js', own)
  if ((process.features as { typescript?: unknown }).typescript) return new URL('./worker.node.ts', own)
  const built = new URL('../../dist/image/worker.node.js', own)
  return existsSync(built) ? built : undefined
}

function label(source: Source): string {
  return typeof source === 'string' ? source : 'image'
}
