// The one place that loads ONNX Runtime: quiet, and with its telemetry off.

import { isMainThread } from 'node:worker_threads'
import { UsageError } from '../errors.ts'

export type OnnxRuntime = typeof import('onnxruntime-node')

/**
 * ONNX Runtime 1.30 reads this when it starts. Without it, it writes a device id and a database of events into the
 * user's cache folder, looks up an upload address, and crashes where the command line is longer than about 32 kB.
 */
const telemetrySwitch = 'ORT_DISABLE_TELEMETRY'

let loading: Promise<OnnxRuntime> | undefined

export function loadOnnxRuntime(): Promise<OnnxRuntime> {
  loading ??= load().catch((error) => {
    loading = undefined
    throw error
  })
  return loading
}

async function load(): Promise<OnnxRuntime> {
  await switchTelemetryOff()
  const library = await import('onnxruntime-node')
  // It prints to the process's stderr ('warning' is its default); errors are thrown as well.
  if (library.env.logLevel === 'warning') library.env.logLevel = 'fatal'
  return library
}

async function switchTelemetryOff(): Promise<void> {
  const before = process.env[telemetrySwitch]
  process.env[telemetrySwitch] = '1'
  // A worker's process.env is a copy, which native code does not see.
  if (isMainThread || (await setOnMainThread())) return
  if (before === '1') return
  delete process.env[telemetrySwitch]
  throw new UsageError(
    `ONNX Runtime's telemetry cannot be switched off from this worker thread, because the main thread cannot be reached. Start the process with ${telemetrySwitch}=1 in its environment, or set process.env.${telemetrySwitch} = '1' on the main thread before it starts the worker`,
  )
}

/** The longest wait for a blocked main thread, in milliseconds. */
const maxWait = 10_000

/** @returns whether the main thread's environment, which is the process's own, has the switch now */
async function setOnMainThread(): Promise<boolean> {
  try {
    const { Session } = await import('node:inspector')
    const session = new Session()
    session.connectToMainThread()
    return await new Promise((resolve) => {
      const end = (done: boolean) => {
        clearTimeout(timer)
        session.disconnect()
        resolve(done)
      }
      const timer = setTimeout(end, maxWait, false)
      const expression = `process.env.${telemetrySwitch} = '1'`
      session.post('Runtime.evaluate', { expression }, (error, answer) => {
        end(error === null && answer.result.value === '1')
      })
    })
  } catch {
    return false // a Node without the inspector, or one that may not use it
  }
}
