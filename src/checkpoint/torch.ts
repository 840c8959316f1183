// torch.save's files and TorchScript archives: a zip with a pickle that describes the tensors, and their bytes beside it.

import { CheckpointError } from '../errors.ts'
import { dtypeBytes } from '../graph/dtype.ts'
import { type ByteSource, readRange } from './byte-source.ts'
import type { Checkpoint, StoredTensor } from './checkpoint.ts'
import { unpickle } from './pickle.ts'
import { collectTensors, type TorchTensor, torchHost } from './torch-pickle.ts'
import { readZipDirectory, storedAt, type ZipEntry } from './zip.ts'

// Real ones are a few hundred kilobytes: the pickle describes the weights, it does not hold them.
export const maxPickleBytes = 64 << 20

/** Reads the archive's directory and pickle; no weight is read. */
export async function readTorchArchive(source: ByteSource): Promise<Checkpoint> {
  const entries = await readZipDirectory(source)
  const pickle = [...entries.keys()].find((name) => /^([^/]+\/)?data\.pkl$/.test(name))
  if (pickle === undefined) {
    throw new CheckpointError(`${source.path}: a zip archive without data.pkl, so not a PyTorch checkpoint`)
  }
  const root = pickle.slice(0, -'data.pkl'.length)
  await refuseBigEndian(source, entries.get(`${root}byteorder`))

  const { value } = unpickle(await readSmall(source, entries.get(pickle)!), torchHost(source.path))
  const storages = new Map<string, Storage>()
  const tensors = new Map<string, StoredTensor>()
  for (const [name, tensor] of collectTensors(value, source.path)) {
    const { key } = tensor.storage
    let storage = storages.get(key)
    if (!storage) {
      const entry = entries.get(`${root}data/${key}`)
      if (!entry)
        throw new CheckpointError(`${source.path}: tensor '${name}' should be in data/${key}, which is missing`)
      storage = { offset: await storedAt(source, entry), length: entry.size }
      storages.set(key, storage)
    }
    tensors.set(name, place(name, tensor, storage, source.path))
  }
  const format = entries.has(`${root}constants.pkl`) ? 'torchscript' : 'torch'
  return { tensors, format, files: [source.path], metadata: {} }
}

/** Where a storage's bytes are in the file. */
export interface Storage {
  offset: number
  length: number
}

async function refuseBigEndian(source: ByteSource, entry: ZipEntry | undefined): Promise<void> {
  if (!entry) return
  const order = new TextDecoder().decode(await readSmall(source, entry))
  if (order.trim() !== 'little') {
    throw new CheckpointError(
      `${source.path}: was saved with ${order.slice(0, 20)} byte order; only little-endian files can be read`,
    )
  }
}

async function readSmall(source: ByteSource, entry: ZipEntry): Promise<Uint8Array> {
  if (entry.size > maxPickleBytes) {
    throw new CheckpointError(
      `${source.path}: ${entry.name} has ${entry.size} bytes; at most ${maxPickleBytes} can be read`,
    )
  }
  return readRange(source, await storedAt(source, entry), entry.size, entry.name)
}

/** The location of a view in the file. */
export function place(name: string, tensor: TorchTensor, storage: Storage, path: string): StoredTensor {
  const { dtype, shape, strides } = tensor
  const itemBytes = dtypeBytes(dtype)
  const count = shape.reduce((product, dim) => product * dim, 1)
  const span = count === 0 ? 0 : shape.reduce((last, dim, axis) => last + (dim - 1) * strides[axis]!, 1)
  // NaN and infinity, from dims that are too large, fail both comparisons.
  if (!((tensor.offset + span) * itemBytes <= storage.length)) {
    throw new CheckpointError(
      `${path}: tensor '${name}', [${shape}] of ${dtype}, takes bytes up to ${(tensor.offset + span) * itemBytes} of a storage of ${storage.length}`,
    )
  }
  if (!(count <= span)) {
    throw new CheckpointError(
      `${path}: tensor '${name}' repeats the same bytes (an expanded view); save it with .contiguous()`,
    )
  }
  const stored = {
    dtype,
    shape,
    file: path,
    offset: storage.offset + tensor.offset * itemBytes,
    length: span * itemBytes,
  }
  return isRowMajor(shape, strides) ? stored : { ...stored, strides }
}

function isRowMajor(shape: number[], strides: number[]): boolean {
  let expected = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return shape.includes(0)
    expected *= shape[axis]!
  }
  return true
}
