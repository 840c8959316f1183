// Run the model in a worker thread: inference blocks its thread, and the main thread stays free for other work.

import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { load } from 'typeclip'

if (isMainThread) {
  // This file is the worker too. For one of your own: new Worker(new URL('./worker.js', import.meta.url)).
  const worker = new Worker(fileURLToPath(import.meta.url))
  let ticks = 0
  const timer = setInterval(() => ticks++, 5)
  worker.postMessage(['examples/pictures/apple.jpg', 'examples/pictures/orange.jpg', 'examples/pictures/hat.jpg'])
  const [{ data, shape }] = await once(worker, 'message')
  clearInterval(timer)
  console.log(`embeddings [${shape}], first value ${data[0].toFixed(4)}`)
  console.log(`the main thread ran its timer meanwhile: ${ticks > 0}`)
  await worker.terminate()
} else {
  const clip = await load()
  parentPort!.on('message', async (paths: string[]) => {
    const { data, shape } = await clip.encodeImage(paths, { normalize: true })
    // The second argument hands the memory over, in place of a copy.
    parentPort!.postMessage({ data, shape }, [data.buffer as ArrayBuffer])
  })
}
