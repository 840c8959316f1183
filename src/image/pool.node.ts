// Decoding and resampling on worker threads, so that the event loop of the main thread stays free for the model.
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { excerpt, InputError, UsageError } from '../errors.ts'
import { type Job, type Prepared, type PrepareOptions, prepare, type Seeds, type Source } from './prepare.node.ts'
import type { Answer } from './worker.node.ts'

/** How many threads prepare images, and how. */
export interface ImagePoolOptions extends PrepareOptions {
  /** Maximum number of threads; 0: everything on the calling thread. Default: one for each core. */
  workers?: number | undefined
  /** Maximum number of images queued for a thread, its work while the model occupies the calling thread. Default: 16. */
  ahead?: number | undefined
  /** Called for each image whose EXIF orientation was not applied. */
  onOrientation?: ((image: UnturnedImage) => void) | undefined
}

/** An image that was read as stored, although its EXIF orientation says to rotate it. */
export interface UnturnedImage {
  /** Its path, or its `name`; undefined for bytes without a name. */
  image?: string
  /** Identifies the image: its path, its `name`, or a hash of its bytes. */
  id: string
  /** EXIF's number, 2 to 8. */
  orientation: number
}

export interface ImagePool {
  /**
   * A path, the bytes of a file, or pixels → `[3, size, size]` bytes, before normalising. With seeds the image is
   * augmented at random from them; without, it is prepared as for evaluation.
   *
   * @param name what errors call an image that has no path
   */
  preprocess(source: Source, seeds?: Seeds, name?: string): Promise<Uint8Array>
  /** Ends the threads; images still waiting are refused. */
  close(): Promise<void>
}

/** The first images are prepared on the calling thread: for a few, starting threads takes longer. */
const withoutThreads = 2

interface Task extends Job {
  resolve(prepared: Prepared): void
  reject(error: Error): void
}

export function createImagePool({ workers, ahead = 16, onOrientation, ...options }: ImagePoolOptions): ImagePool {
  const file = workerFile()
  const maxThreads = file ? (workers ?? availableParallelism()) : 0
  const waiting: Task[] = []
  /** The unfinished tasks of each thread, in order. */
  const threads = new Map<Worker, Task[]>()
  let count = 0
  let closed = false

  function start(url: URL): void {
    const worker = new Worker(url, { workerData: options, execArgv: nodeFlags() })
    worker.unref()
    const tasks: Task[] = []
    threads.set(worker, tasks)
    worker.on('message', (answer: Answer) => {
      if (closed) return // unref now would let the process end before the thread has
      const task = tasks.shift()
      if (tasks.length === 0) worker.unref()
      if ('pixels' in answer) task?.resolve(answer)
      else task?.reject(errorOf(answer))
      next()
    })
    const lost = (reason: string) => {
      if (!threads.delete(worker)) return
      const [doing, ...others] = tasks
      doing?.reject(new InputError(`${label(doing)}: the thread that decoded it ended (${reason})`))
      waiting.unshift(...others)
      next()
    }
    worker.on('error', (error) => lost(error.message))
    worker.on('exit', (code) => lost(`exit code ${code}`))
  }

  function next(): void {
    if (closed || !file) return
    while (waiting.length > 0) {
      if (threads.size < maxThreads && ![...threads.values()].some((tasks) => tasks.length === 0)) start(file)
      const [worker, tasks] = [...threads].reduce((a, b) => (b[1].length < a[1].length ? b : a))
      if (tasks.length >= ahead) return
      const task = waiting.shift()!
      tasks.push(task)
      worker.ref() // while it works, so that the process waits for the answer
      const { resolve, reject, ...job } = task
      worker.postMessage(job satisfies Job)
    }
  }

  function inThread(job: Job): Promise<Prepared> {
    return new Promise((resolve, reject) => {
      waiting.push({ ...job, resolve, reject })
      next()
    })
  }

  return {
    async preprocess(source, seeds, name) {
      if (closed) throw new UsageError('image pool: it is closed; create another one')
      const job: Job = { source, ...(seeds && { seeds }), ...(name !== undefined && { name }) }
      const onThisThread = maxThreads === 0 || count++ < withoutThreads
      const { pixels, orientation } = await (onThisThread ? prepare(job, options) : inThread(job))
      if (orientation !== undefined) {
        onOrientation?.({ ...identityOf(source, name), orientation })
      }
      return pixels
    },
    async close() {
      closed = true
      const ended = new UsageError('image pool: it was closed before this image was done')
      for (const task of [...waiting.splice(0), ...[...threads.values()].flat()]) task.reject(ended)
      const all = [...threads.keys()]
      threads.clear()
      await Promise.all(all.map((worker) => worker.terminate()))
    },
  }
}

function identityOf(source: Source, name: string | undefined): Pick<UnturnedImage, 'image' | 'id'> {
  const image = typeof source === 'string' ? source : name
  if (image !== undefined) return { image, id: image }
  return {
    id: createHash('sha256')
      .update(source as Uint8Array)
      .digest('hex'),
  }
}

/** An error of a thread. Class and cause are lost when an error is posted between threads, so they are restored here. */
function errorOf({ error, input, option, code }: Exclude<Answer, Prepared>): Error {
  const cause = code === undefined ? undefined : Object.assign(new Error(error), { code })
  return input ? new InputError(error, { cause, option }) : new Error(error)
}

/**
 * The worker's program. When run from TypeScript source: the source if Node can run it, else the last build. Undefined if
 * there is neither, as in a bundle; there are then no threads.
 */
function workerFile(): URL | undefined {
  const moduleUrl: string | undefined = import.meta.url
  if (moduleUrl === undefined) return undefined // in a bundle of CommonJS
  if (!moduleUrl.endsWith('.ts')) {
    const beside = new URL('./worker.node.js', moduleUrl)
    return existsSync(beside) ? beside : undefined
  }
  if ((process.features as { typescript?: unknown }).typescript) return new URL('./worker.node.ts', moduleUrl)
  const built = new URL('../../dist/image/worker.node.js', moduleUrl)
  return existsSync(built) ? built : undefined
}

/** The process's flags without `--input-type module` (from `node -e`), with which a thread would refuse its file. */
function nodeFlags(): string[] {
  const { execArgv } = process
  return execArgv.filter((flag, i) => !/^--input-type\b/.test(flag) && execArgv[i - 1] !== '--input-type')
}

const label = ({ source, name = 'image' }: Job): string => (typeof source === 'string' ? excerpt(source) : name)
