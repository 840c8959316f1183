import { describe, expect, it } from 'vitest'
import { ShapeError } from '../errors.ts'
import { toOnnx } from './onnx.ts'
import { encode, messageType } from './protobuf.ts'
import { collectStages, layer, stage } from './scope.ts'
import { inferDim, size } from './shape.ts'
import { apply, concat, constant, input, weight } from './tensor.ts'

const bytes = { bytes: new Uint8Array() }
const x = input('x', 'float32', ['batch', 50, 768])

describe('shapes', () => {
  it('are inferred with named dims', () => {
    expect(x.matmulTransposed(weight('w', 'float32', [512, 768], bytes)).shape).toEqual(['batch', 50, 512])
    expect(x.reshape('batch', 50, 12, 64).transpose(0, 2, 1, 3).shape).toEqual(['batch', 12, 50, 64])
    expect(x.reshape(-1, 768).shape).toEqual(['50·batch', 768])
    expect(x.split(-1, 3).map((part) => part.shape)).toEqual([1, 2, 3].map(() => ['batch', 50, 256]))
    expect(concat([x, x.slice(1, 0, 1)], 1).shape).toEqual(['batch', 51, 768])
    expect(x.mean([1]).shape).toEqual(['batch', 1, 768])
    expect(x.mean([1], false).shape).toEqual(['batch', 768])
  })

  it('with named dims multiply and divide', () => {
    expect(size(['batch', 2, 3])).toBe('6·batch')
    expect(inferDim(['batch', -1], ['batch', 4, 5])).toEqual(['batch', 20])
    expect(inferDim([-1, 5], ['50·batch', 5])).toEqual(['50·batch', 5])
  })

  it('that do not fit are refused with the part of the model', () => {
    const part = layer((_: { path: string }, y: typeof x) =>
      y.matmul(weight('visual.proj', 'float32', [512, 512], bytes)),
    )
    expect(() => part({ path: 'visual.transformer.resblocks.3.attn' }, x)).toThrow(
      'MatMul at visual.transformer.resblocks.3.attn, visual.proj: [batch, 50, 768] × [512, 512]: inner dimensions 768 and 512 differ',
    )
    expect(() => x.is('batch', 50, 512)).toThrow(ShapeError)
    expect(() => x.add(input('y', 'float32', [3, 49, 768]))).toThrow('dims')
    expect(() => x.add(constant(Int32Array.of(1), []))).toThrow('element types differ')
    expect(() => x.reshape('batch', 50, 700)).toThrow('cannot be reshaped')
    expect(() => apply('Conv', [x, x], { strides: [1, 1], pads: [0, 0, 0, 0] })).toThrow('kernel')
  })
})

it('collects the stages of layers, innermost first', () => {
  const inner = layer((_: { path: string }, y: typeof x) => stage('half', y.mul(0.5)).add(1))
  const outer = layer((p: { path: string }, y: typeof x) => inner({ path: `${p.path}.inner` }, y).relu())
  const { stages, result } = collectStages(() => outer({ path: 'outer' }, x))
  expect([...stages.keys()]).toEqual(['outer.inner.half', 'outer.inner', 'outer'])
  expect(stages.get('outer')).toBe(result)
})

describe('onnx', () => {
  it('writes protocol buffers', () => {
    const Nested = messageType({ text: 1, real: 2 })
    const Message = messageType({ whole: 1, nested: 3, list: 4, absent: 5 })
    const nested = Nested({ text: 'a', real: { float: 1 } })
    expect([...encode(Message({ whole: 300, nested, list: [1, -1], absent: undefined }))]).toEqual(
      // biome-ignore format: one field a line
      [
        8, 172, 2,
        26, 8, 10, 1, 97, 21, 0, 0, 128, 63,
        32, 1,
        32, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1,
      ],
    )
  })

  it('leaves weights in their files and says which', () => {
    const w = weight('w', 'float16', [512, 768], { file: '/models/a.safetensors', offset: 100, length: 786432 })
    const {
      bytes: model,
      files,
      inputs,
    } = toOnnx({ y: x.matmulTransposed(w.cast('float32')) }, (file) => file.slice(1))
    expect([...files]).toEqual(['/models/a.safetensors'])
    expect([...inputs.keys()]).toEqual(['x'])
    expect(model.length).toBeLessThan(1000)
    expect(new TextDecoder().decode(model)).toContain('models/a.safetensors')
  })
})
