// The safetensors format: eight bytes of header length, a JSON header, and the tensors' bytes without gaps.
// https://huggingface.co/docs/safetensors/index#format

import { CheckpointError } from '../errors.ts'
import { type DType, dtypeBytes } from '../graph/dtype.ts'
import { type ByteSource, inside, readRange } from './byte-source.ts'
import type { StoredTensor } from './checkpoint.ts'
import { isObject, parseStrictJson } from './strict-json.ts'

// The limit of the format's own reader.
const maxHeaderBytes = 100_000_000

/** safetensors' names of element types. */
const dtypes: Record<string, DType> = {
  F64: 'float64',
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
  F8_E4M3: 'float8_e4m3fn',
  F8_E5M2: 'float8_e5m2',
  I64: 'int64',
  I32: 'int32',
  I16: 'int16',
  I8: 'int8',
  U64: 'uint64',
  U32: 'uint32',
  U16: 'uint16',
  U8: 'uint8',
  BOOL: 'bool',
}
const names = Object.fromEntries(Object.entries(dtypes).map(([name, dtype]) => [dtype, name])) as Record<DType, string>

export interface Safetensors {
  tensors: Map<string, StoredTensor>
  metadata: Record<string, string>
}

/** Whether the first sixteen bytes are the start of a safetensors file. */
export function looksLikeSafetensors(start: Uint8Array): boolean {
  return start.length >= 9 && start[8] === 0x7b && headerLength(start) <= maxHeaderBytes
}

const headerLength = (start: Uint8Array): number =>
  Number(new DataView(start.buffer, start.byteOffset, 8).getBigUint64(0, true))

/** Reads the header: type, shape and location of every tensor. No weight is read. */
export async function readSafetensors(source: ByteSource): Promise<Safetensors> {
  const length = headerLength(await readRange(source, 0, 8, 'the length of the safetensors header'))
  if (length > maxHeaderBytes) {
    throw new CheckpointError(
      `${source.path}: the safetensors header claims ${length} bytes, the format allows ${maxHeaderBytes}; the file is damaged or not safetensors`,
    )
  }
  const where = `${source.path}: the safetensors header`
  const header = parseStrictJson(decodeUtf8(await readRange(source, 8, length, 'the safetensors header'), where), where)
  if (!isObject(header)) throw new CheckpointError(`${where} should be a JSON object of tensors`)

  const metadata = readMetadata(header.__metadata__, where)
  const tensors = new Map<string, StoredTensor>()
  for (const [name, entry] of Object.entries(header)) {
    if (name !== '__metadata__') tensors.set(name, readEntry(source, 8 + length, name, entry))
  }
  refuseGapsAndOverlaps(tensors, 8 + length, source)
  return { tensors, metadata }
}

function decodeUtf8(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new CheckpointError(`${where} is not UTF-8 text; the file is damaged or not safetensors`)
  }
}

function readMetadata(value: unknown, where: string): Record<string, string> {
  if (value === undefined) return {}
  if (isObject(value) && Object.values(value).every((item) => typeof item === 'string')) {
    return value as Record<string, string>
  }
  throw new CheckpointError(`${where}: __metadata__ should map strings to strings`)
}

function readEntry(source: ByteSource, dataStart: number, name: string, entry: unknown): StoredTensor {
  const refuse = (problem: string) => new CheckpointError(`${source.path}: tensor '${name}': ${problem}`)
  if (!isObject(entry)) throw refuse('its entry should be { dtype, shape, data_offsets }')
  const { dtype: dtypeName, shape, data_offsets: offsets } = entry

  const dtype = typeof dtypeName === 'string' && Object.hasOwn(dtypes, dtypeName) ? dtypes[dtypeName] : undefined
  if (!dtype) {
    throw refuse(`element type ${JSON.stringify(dtypeName)} is not one of ${Object.keys(dtypes).join(', ')}`)
  }
  if (!isSizes(shape)) throw refuse('shape should be a list of non-negative integers')
  if (!isSizes(offsets) || offsets.length !== 2 || offsets[0]! > offsets[1]!) {
    throw refuse('data_offsets should be [begin, end], non-negative integers, begin before end')
  }

  const [begin, end] = offsets as [number, number]
  const expected = shape.reduce((product, dim) => product * dim, dtypeBytes(dtype))
  if (expected !== end - begin) {
    throw refuse(
      `[${shape}] of ${dtypeName} takes ${expected} bytes, but data_offsets [${begin}, ${end}] hold ${end - begin}`,
    )
  }
  if (!inside(dataStart + begin, end - begin, source.size)) {
    throw refuse(
      `its bytes should end at ${dataStart + end}, but the file has ${source.size}; it is cut short, fetch it again`,
    )
  }
  return { dtype, shape, file: source.path, offset: dataStart + begin, length: end - begin }
}

const isSizes = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0)

/** The format requires that every byte belongs to exactly one tensor. */
function refuseGapsAndOverlaps(tensors: Map<string, StoredTensor>, dataStart: number, source: ByteSource): void {
  let end = dataStart
  let before = 'the header'
  const inOrder = [...tensors].sort(([, a], [, b]) => a.offset - b.offset || a.length - b.length)
  for (const [name, tensor] of inOrder) {
    if (tensor.offset !== end) {
      const problem = tensor.offset < end ? 'overlaps' : `leaves ${tensor.offset - end} unused bytes after`
      throw new CheckpointError(
        `${source.path}: tensor '${name}' ${problem} ${before}, which the safetensors format forbids; write the file again`,
      )
    }
    end += tensor.length
    before = `'${name}'`
  }
  if (end !== source.size) {
    throw new CheckpointError(
      `${source.path}: ${source.size - end} bytes follow the last tensor, which the safetensors format forbids; write the file again`,
    )
  }
}

/** Type and shape of a tensor to write. */
export type TensorHeader = Pick<StoredTensor, 'dtype' | 'shape'>

/** The first bytes of a file that holds these tensors one after the other, in the map's order. */
export function safetensorsHeader(tensors: Map<string, TensorHeader>, metadata: Record<string, string>): Uint8Array {
  const header: [string, unknown][] = Object.keys(metadata).length > 0 ? [['__metadata__', metadata]] : []
  let end = 0
  for (const [name, { dtype, shape }] of tensors) {
    const begin = end
    end += shape.reduce((product, dim) => product * dim, dtypeBytes(dtype))
    header.push([name, { dtype: names[dtype], shape, data_offsets: [begin, end] }])
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)))
  // Spaces up to a multiple of eight, so that the tensors are aligned.
  const length = Math.ceil(json.length / 8) * 8
  const bytes = new Uint8Array(8 + length).fill(0x20)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true)
  bytes.set(json, 8)
  return bytes
}
