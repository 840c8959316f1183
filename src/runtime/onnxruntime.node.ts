// ONNX Runtime in Node: the graph's bytes stay in memory, the weights in the user's own files.

import { dirname, relative, sep } from 'node:path'
import type { InferenceSession } from 'onnxruntime-common'
import { UsageError } from '../errors.ts'
import { type Graph, toOnnx } from '../graph/onnx.ts'
import { type Device, devices } from './devices.ts'
import type { Program, Runtime } from './runtime.ts'

export interface RuntimeOptions {
  device?: Device
  /** Threads that one run may use; by default one for each physical core. */
  threads?: number
}

export function createRuntime({ device = 'cpu', threads }: RuntimeOptions = {}): Runtime {
  return {
    device,
    async compile(graph) {
      const { InferenceSession } = await import('onnxruntime-node')
      const { bytes, folder } = externalModel(graph)
      const options: InferenceSession.SessionOptions = {
        executionProviders: device === 'cpu' ? ['cpu'] : [devices[device].provider, 'cpu'],
        graphOptimizationLevel: 'all',
        ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
        extra: { session: folder === undefined ? {} : { model_external_initializers_file_folder_path: folder } },
      }
      const session = await InferenceSession.create(bytes, options).catch((error: Error) => {
        if (device === 'cpu') throw error
        throw new UsageError(`device '${device}' cannot be used here: ${error.message}\n${devices[device].needs}`)
      })
      return program(session)
    },
  }
}

function program(session: InferenceSession): Program {
  return {
    run: (values) => session.run(values) as ReturnType<Program['run']>,
    dispose: () => session.release(),
  }
}

/** ONNX Runtime wants every weight file in or below one folder, by a relative name with forward slashes. */
function externalModel(graph: Graph): { bytes: Uint8Array; folder: string | undefined } {
  const { files } = toOnnx(graph, (file) => file)
  const folder = [...files].map((file) => dirname(file)).reduce<string | undefined>(commonFolder, undefined)
  const locate = (file: string): string => relative(folder!, file).split(sep).join('/')
  return { bytes: toOnnx(graph, locate).bytes, folder }
}

function commonFolder(a: string | undefined, b: string): string {
  if (a === undefined || a === b) return b
  const up = relative(a, b).startsWith('..') ? dirname(a) : a
  return up === a ? a : commonFolder(up, b)
}
