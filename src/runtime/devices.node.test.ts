import { expect, it } from 'vitest'
import { input } from '../graph/tensor.ts'
import { type Device, deviceNamed, devices } from './devices.ts'
import { createRuntime } from './onnxruntime.node.ts'

const graph = { y: input('x', 'float32', ['n']).relu() }

it.each(Object.keys(devices) as Device[])('%s runs, or names its requirements', async (device) => {
  try {
    await (await createRuntime({ device }).compile(graph)).dispose()
  } catch (error) {
    expect(device).not.toBe('cpu')
    expect((error as Error).name).toBe('UsageError')
    expect((error as Error).message).toContain(devices[device].needs)
  }
})

it('names the devices', () => {
  expect(() => deviceNamed('tpu')).toThrow("`device` is 'tpu'; expected one of cpu, webgpu, cuda, coreml, dml")
})
