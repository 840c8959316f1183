// ONNX Runtime in Node: the graph's bytes stay in memory, the weights in the user's own files.

import { parse, relative, sep } from 'node:path'
import type { InferenceSession, TensorConstructor } from 'onnxruntime-common'
import { UsageError } from '../errors.ts'
import { type Graph, toOnnx } from '../graph/onnx.ts'
import { type Device, devices } from './devices.ts'
import { loadOnnxRuntime } from './native-library.node.ts'
import type { Program, Runtime } from './runtime.ts'

/** Options of `createRuntime`. */
export interface RuntimeOptions {
  device?: Device | undefined
  /** Threads for one run. Default: one for each physical core. */
  threads?: number | undefined
}

/**
 * Runs graphs on ONNX Runtime.
 *
 * @example
 * ```ts
 * import { createRuntime, input, Value } from 'typeclip/graph'
 *
 * const x = input('x', 'float32', ['n'])
 * const program = await createRuntime({ threads: 1 }).compile({ y: x.relu() })
 * const { y } = await program.run({ x: new Value('float32', Float32Array.of(-1, 2), [2]) })
 * console.log(y!.data) // Float32Array [0, 2]
 * await program.dispose()
 * ```
 */
export function createRuntime({ device = 'cpu', threads }: RuntimeOptions = {}): Runtime {
  return {
    device,
    async compile(graph, { planMemory = true, name = 'the program' } = {}) {
      const { InferenceSession, listSupportedBackends, Tensor } = await loadOnnxRuntime()
      if (!listSupportedBackends().some(({ name }) => name === devices[device].provider)) {
        throw new UsageError(`device '${device}' is not part of ONNX Runtime on this system. ${devices[device].needs}`)
      }
      const { bytes, folder } = externalModel(graph)
      const options: InferenceSession.SessionOptions = {
        executionProviders: device === 'cpu' ? ['cpu'] : [devices[device].provider, 'cpu'],
        graphOptimizationLevel: 'all',
        enableMemPattern: planMemory,
        ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
        extra: { session: folder === undefined ? {} : { model_external_initializers_file_folder_path: folder } },
      }
      const session = await InferenceSession.create(bytes, options).catch((error: Error) => {
        if (device === 'cpu') throw error
        throw new UsageError(`device '${device}' cannot be used here: ${reasonOf(error)}\n${devices[device].needs}`, {
          cause: error,
        })
      })
      return program(session, Tensor, name)
    },
  }
}

/** @param OwnTensor onnxruntime-node's class: preallocated outputs must be instances of it. */
function program(session: InferenceSession, OwnTensor: TensorConstructor, name: string): Program {
  const running = new Set<Promise<unknown>>()
  let disposal: Promise<void> | undefined

  async function release(): Promise<void> {
    // Releasing a session before its run has started would fail in native code.
    await Promise.allSettled(running)
    await session.release()
  }

  const compiled: Program = {
    inputs: session.inputNames,
    async run(values, into) {
      if (disposal) throw new UsageError(`${name} was disposed of and cannot run; load or compile it again`)
      const place = (name: string) => {
        const value = into?.[name]
        return value ? new OwnTensor(value.type as 'float32', value.data as Float32Array, value.dims) : null
      }
      const results = into ? Object.fromEntries(session.outputNames.map((name) => [name, place(name)])) : undefined
      const run = session.run(values, results ?? session.outputNames) as ReturnType<Program['run']>
      running.add(run)
      try {
        return await run
      } finally {
        running.delete(run)
      }
    },
    dispose() {
      disposal ??= release()
      return disposal
    },
    [Symbol.asyncDispose]: () => compiled.dispose(),
  }
  return compiled
}

/** ONNX Runtime needs weight files by relative path with forward slashes, below one folder: we use the root of the drive. */
function externalModel(graph: Graph): { bytes: Uint8Array; folder: string | undefined } {
  let folder: string | undefined
  const { bytes } = toOnnx(graph, (file) => {
    folder ??= parse(file).root
    return relative(folder, file).split(sep).join('/')
  })
  return { bytes, folder }
}

/** The message without the location in ONNX Runtime's source, which it puts first. */
const reasonOf = ({ message }: Error): string =>
  message.replace(/^\/onnxruntime_src\/.*? was (false|true)\. /s, '').trim()
