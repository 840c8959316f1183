// A runtime whose programs refuse to run once their model was disposed of, and are released only when their last run has ended.

import type { Runtime } from '../runtime/runtime.ts'

/** @param check throws once the model was disposed of */
export function disposableRuntime(runtime: Runtime, check: () => void): Runtime {
  return {
    ...runtime,
    async compile(graph, options) {
      check()
      const program = await runtime.compile(graph, options)
      const running = new Set<Promise<unknown>>()
      return {
        ...program,
        async run(values, into) {
          check()
          const run = program.run(values, into)
          const ended = run.catch(() => {}).finally(() => running.delete(ended))
          running.add(ended)
          return run
        },
        async dispose() {
          await Promise.all(running)
          await program.dispose()
        },
      }
    },
  }
}
