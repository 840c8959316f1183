// The devices that a model can run on, and the requirements of each.

import { UsageError } from '../errors.ts'

/** ONNX Runtime's execution provider for each device, and a sentence for machines that lack it. */
export const devices = {
  cpu: { provider: 'cpu', needs: 'It is part of every installation.' },
  webgpu: {
    provider: 'webgpu',
    needs:
      'It needs a GPU with a driver for Vulkan, Metal or Direct3D 12 (on Linux: the Vulkan driver of your GPU and libvulkan1).',
  },
  cuda: {
    provider: 'cuda',
    needs:
      'It needs Linux x64, an NVIDIA GPU with CUDA 12 and cuDNN 9, and the CUDA libraries of onnxruntime-node: reinstall with ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node.',
  },
  coreml: { provider: 'coreml', needs: 'It needs macOS.' },
  dml: { provider: 'dml', needs: 'It needs Windows with a DirectX 12 GPU.' },
} as const satisfies Record<string, { provider: string; needs: string }>

/** A device that graphs run on. */
export type Device = keyof typeof devices

export function deviceNamed(name: string): Device {
  if (Object.hasOwn(devices, name)) return name as Device
  throw new UsageError(`\`device\` is '${name}'; expected one of ${Object.keys(devices).join(', ')}`, {
    option: 'device',
  })
}
