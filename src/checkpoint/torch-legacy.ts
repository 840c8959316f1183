// torch.save's files before PyTorch 1.6: a row of pickles (magic number, protocol, machine, tensors, keys), then each
// storage as its number of elements and its bytes.

import { CheckpointError } from '../errors.ts'
import { dtypeBytes } from '../graph/dtype.ts'
import { type ByteSource, inside, readRange } from './byte-source.ts'
import type { Checkpoint, StoredTensor } from './checkpoint.ts'
import { unpickle } from './pickle.ts'
import { maxPickleBytes, place, type Storage } from './torch.ts'
import { collectTensors, type TorchStorage, torchHost } from './torch-pickle.ts'

const magicNumber = 0x1950a86a20f9469cfc6cn

export async function readLegacyTorch(source: ByteSource): Promise<Checkpoint> {
  const bytes = await source.read(0, Math.min(source.size, maxPickleBytes))
  const storages = new Map<string, TorchStorage>()
  const host = torchHost(source.path)
  const remember = {
    ...host,
    persistent(id: unknown) {
      const storage = host.persistent(id) as TorchStorage
      storages.set(storage.key, storage)
      return storage
    },
  }

  let at = 0
  const next = (): unknown => {
    const { value, end } = unpickle(bytes, remember, at)
    at = end
    return value
  }
  if (next() !== magicNumber) {
    throw new CheckpointError(`${source.path}: is a Python pickle, but not one that torch.save wrote`)
  }
  next() // the protocol's version
  refuseBigEndian(next(), source.path)
  const described = collectTensors(next(), source.path)
  const keys = next()
  const places = await placeStorages(source, at, keys, storages)

  const tensors = new Map<string, StoredTensor>()
  for (const [name, tensor] of described) {
    const storage = places.get(tensor.storage.key)
    if (!storage) throw new CheckpointError(`${source.path}: the storage of tensor '${name}' is missing`)
    tensors.set(name, place(name, tensor, storage, source.path))
  }
  return { tensors, format: 'torch', files: [source.path], metadata: {} }
}

function refuseBigEndian(machine: unknown, path: string): void {
  if (machine instanceof Map && machine.get('little_endian') === false) {
    throw new CheckpointError(`${path}: was saved on a big-endian machine; only little-endian files can be read`)
  }
}

/** The storages follow the last pickle in the order of their keys. */
async function placeStorages(source: ByteSource, start: number, keys: unknown, storages: Map<string, TorchStorage>) {
  const places = new Map<string, Storage>()
  let at = start
  for (const key of Array.isArray(keys) ? keys : []) {
    const storage = storages.get(key)
    if (!storage?.dtype)
      throw new CheckpointError(`${source.path}: storage ${String(key).slice(0, 100)} is of no known type`)
    const what = `storage ${storage.key}`
    const count = await readRange(source, at, 8, what)
    const length = storage.elements * dtypeBytes(storage.dtype)
    if (
      new DataView(count.buffer).getBigUint64(0, true) !== BigInt(storage.elements) ||
      !inside(at + 8, length, source.size)
    ) {
      throw new CheckpointError(
        `${source.path}: ${what} should have ${storage.elements} elements, but the file says otherwise or ends early; fetch it again`,
      )
    }
    places.set(storage.key, { offset: at + 8, length })
    at += 8 + length
  }
  return places
}
