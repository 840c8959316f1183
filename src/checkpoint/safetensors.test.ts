import { describe, expect, it } from 'vitest'
import { type DType, dtypeBytes } from '../graph/dtype.ts'
import type { ByteSource } from './byte-source.ts'
import { readSafetensors, safetensorsHeader } from './safetensors.ts'

const inMemory = (bytes: Uint8Array): ByteSource => ({
  path: '/m.safetensors',
  size: bytes.length,
  read: async (offset, length) => bytes.slice(offset, offset + length) as Uint8Array<ArrayBuffer>,
})

function file(header: unknown, dataLength: number): ByteSource {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header))
  const bytes = new Uint8Array(8 + json.length + dataLength)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true)
  bytes.set(json, 8)
  return inMemory(bytes)
}

describe('readSafetensors', () => {
  it('reads what it wrote, for every type', async () => {
    const all: DType[] = ['float32', 'float16', 'bfloat16', 'float64', 'int8', 'uint8', 'int16', 'uint16', 'int32']
    all.push('uint32', 'int64', 'uint64', 'bool', 'float8_e4m3fn', 'float8_e5m2')
    const tensors = new Map(all.map((dtype) => [dtype as string, { dtype, shape: [2, 3] }]))
    const header = safetensorsHeader(tensors, { format: 'pt' })
    expect(header.length % 8).toBe(0)
    const total = all.reduce((sum, dtype) => sum + 6 * dtypeBytes(dtype), 0)
    const bytes = new Uint8Array(header.length + total)
    bytes.set(header)
    const read = await readSafetensors(inMemory(bytes))
    expect(read.metadata).toEqual({ format: 'pt' })
    expect([...read.tensors].map(([name, { dtype, shape }]) => [name, { dtype, shape }])).toEqual([...tensors])
    expect(read.tensors.get('float16')).toMatchObject({
      file: '/m.safetensors',
      offset: header.length + 24,
      length: 12,
    })
  })

  const f32 = (begin: number, end: number, shape: unknown = [(end - begin) / 4]) => ({
    dtype: 'F32',
    shape,
    data_offsets: [begin, end],
  })
  const broken: [string, ByteSource, RegExp][] = [
    ['overlap', file({ a: f32(0, 8), b: f32(4, 12) }, 12), /'b' overlaps 'a'/],
    ['gap', file({ a: f32(0, 4), b: f32(8, 12) }, 12), /'b' leaves 4 unused bytes after 'a'/],
    ['bytes after', file({ a: f32(0, 4) }, 8), /4 bytes follow the last tensor/],
    ['past the end', file({ a: f32(0, 8) }, 4), /'a': its bytes should end at .* cut short/],
    ['shape', file({ a: f32(0, 8, [3]) }, 8), /\[3\] of F32 takes 12 bytes, but data_offsets \[0, 8\] hold 8/],
    ['overflow', file({ a: f32(0, 8, [2 ** 40, 2 ** 40]) }, 8), /takes 4.*e\+24 bytes/],
    ['negative', file({ a: f32(0, 4, [-1]) }, 4), /shape should be a list of non-negative integers/],
    ['dtype', file({ a: { dtype: 'F4', shape: [2], data_offsets: [0, 1] } }, 1), /element type "F4" is not one of/],
    ['key twice', file('{"a":1,"a":2}', 0), /the key "a" twice/],
    ['metadata', file({ __metadata__: { a: 1 } }, 0), /__metadata__ should map strings to strings/],
    ['deep', file('['.repeat(1e5), 0), /nested more than 16 deep/],
    ['not JSON', file('{"a":', 0), /not valid JSON/],
  ]
  it.each(broken)('refuses: %s', async (_, source, sentence) => {
    await expect(readSafetensors(source)).rejects.toThrow(sentence)
  })
})
