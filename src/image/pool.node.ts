// Decoding and resampling away from the main thread, whose event loop stands still while the model runs.
import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { InputError, UsageError } from '../errors.ts'
import { type PrepareOptions, prepare, type Seeds, type Source } from './prepare.node.ts'
import type { Answer, Job } from './worker.node.ts'

export interface ImagePoolOptions extends PrepareOptions {
  /** Threads at most; as many as there are cores unless told. 0: everything on the calling thread. */
  workers?: number | undefined
  /** Pictures handed to a thread at a time, 16 unless told: what it can do while the model holds the calling thread. */
  ahead?: number | undefined
}

export interface ImagePool {
  /**
   * A path, the bytes of a file, or pixels → `[3, size, size]` bytes, before normalising. With seeds it is augmented as
   * they decide, else made as for evaluation.
   */
  preprocess(source: Source, seeds?: Seeds): Promise<Uint8Array>
  /** Ends the threads; pictures still waiting are refused. */
  close(): Promise<void>
}

/** So many pictures are done on the calling thread first: for a few, starting threads would take longer. */
const withoutThreads = 2

interface Task extends Job {
  resolve(pixels: Uint8Array): void
  reject(error: Error): void
}

export function createImagePool({ workers, ahead = 16, ...options }: ImagePoolOptions): ImagePool {
  const file = workerFile()
  const most = file ? (workers ?? availableParallelism()) : 0
  const waiting: Task[] = []
  /** What each thread has been handed and has not answered, in order. */
  const threads = new Map<Worker, Task[]>()
  let count = 0
  let closed = false

  function start(url: URL): void {
    const worker = new Worker(url, { workerData: options })
    worker.unref()
    const tasks: Task[] = []
    threads.set(worker, tasks)
    worker.on('message', (answer: Answer) => {
      if (closed) return // else what it had in hand would unref it, and the process not wait for its end
      const task = tasks.shift()
      if (tasks.length === 0) worker.unref()
      if ('pixels' in answer) task?.resolve(answer.pixels)
      else task?.reject(answer.input ? new InputError(answer.error) : new Error(answer.error))
      next()
    })
    const lost = (reason: string) => {
      if (!threads.delete(worker)) return
      const [doing, ...others] = tasks
      doing?.reject(new InputError(`${label(doing.source)}: the thread that decoded it ended (${reason})`))
      waiting.unshift(...others)
      next()
    }
    worker.on('error', (error) => lost(error.message))
    worker.on('exit', (code) => lost(`exit code ${code}`))
  }

  function next(): void {
    if (closed || !file) return
    while (waiting.length > 0) {
      if (threads.size < most && ![...threads.values()].some((tasks) => tasks.length === 0)) start(file)
      const [worker, tasks] = [...threads].reduce((a, b) => (b[1].length < a[1].length ? b : a))
      if (tasks.length >= ahead) return
      const task = waiting.shift()!
      tasks.push(task)
      worker.ref() // while it works, so that the process waits for the answer
      const { source, seeds } = task
      worker.postMessage({ source, ...(seeds && { seeds }) } satisfies Job)
    }
  }

  return {
    async preprocess(source, seeds) {
      if (closed) throw new UsageError('image pool: it is closed; create another one')
      if (most === 0 || count++ < withoutThreads) return prepare(source, options, seeds)
      return new Promise((resolve, reject) => {
        waiting.push({ source, ...(seeds && { seeds }), resolve, reject })
        next()
      })
    },
    async close() {
      closed = true
      const ended = new UsageError('image pool: it was closed before this picture was done')
      for (const task of [...waiting.splice(0), ...[...threads.values()].flat()]) task.reject(ended)
      const all = [...threads.keys()]
      threads.clear()
      await Promise.all(all.map((worker) => worker.terminate()))
    },
  }
}

/**
 * The worker's program. Run from TypeScript source, it is that source where Node can run it, else the last build's;
 * without either, as in a bundle,
 * there are no threads.
 */
function workerFile(): URL | undefined {
  const own: string | undefined = import.meta.url
  if (own === undefined) return undefined // in a bundle of CommonJS
  if (!own.endsWith('.ts')) {
    const beside = new URL('./worker.node.js', own)
    return existsSync(beside) ? beside : undefined
  }
  if ((process.features as { typescript?: unknown }).typescript) return new URL('./worker.node.ts', own)
  const built = new URL('../../dist/image/worker.node.js', own)
  return existsSync(built) ? built : undefined
}

function label(source: Source): string {
  return typeof source === 'string' ? source : 'image'
}
