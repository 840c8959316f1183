// PyTorch's pickles: tensors as views of storages, and the names that a checkpoint may use. Every other name is refused.

import { CheckpointError } from '../errors.ts'
import type { DType } from '../graph/dtype.ts'
import { type Global, isGlobal, isOpaque, type Opaque, type PickleHost } from './pickle.ts'

/** Bytes beside the pickle, by key. */
export interface TorchStorage {
  kind: 'storage'
  key: string
  /** Undefined if the storage is untyped. */
  dtype: DType | undefined
  elements: number
}

/** A view of a storage; offsets and strides in elements. */
export interface TorchTensor {
  kind: 'tensor'
  storage: TorchStorage
  dtype: DType
  offset: number
  shape: number[]
  strides: number[]
}

const storageTypes: Record<string, DType | undefined> = {
  'torch.DoubleStorage': 'float64',
  'torch.FloatStorage': 'float32',
  'torch.HalfStorage': 'float16',
  'torch.BFloat16Storage': 'bfloat16',
  'torch.LongStorage': 'int64',
  'torch.IntStorage': 'int32',
  'torch.ShortStorage': 'int16',
  'torch.CharStorage': 'int8',
  'torch.ByteStorage': 'uint8',
  'torch.BoolStorage': 'bool',
  'torch.storage.UntypedStorage': undefined,
}

const elementTypes: Record<string, DType> = {
  'torch.float64': 'float64',
  'torch.float32': 'float32',
  'torch.float16': 'float16',
  'torch.bfloat16': 'bfloat16',
  'torch.float8_e4m3fn': 'float8_e4m3fn',
  'torch.float8_e5m2': 'float8_e5m2',
  'torch.int64': 'int64',
  'torch.int32': 'int32',
  'torch.int16': 'int16',
  'torch.int8': 'int8',
  'torch.uint64': 'uint64',
  'torch.uint32': 'uint32',
  'torch.uint16': 'uint16',
  'torch.uint8': 'uint8',
  'torch.bool': 'bool',
}

type Call = (args: unknown[], refuse: (problem: string) => CheckpointError) => unknown

/** Allowed calls, which make tensors and plain data. */
const calls: Record<string, Call> = {
  'torch._utils._rebuild_tensor': (args, refuse) => tensor(args, undefined, refuse),
  'torch._utils._rebuild_tensor_v2': (args, refuse) => tensor(args, undefined, refuse),
  'torch._utils._rebuild_tensor_v3': (args, refuse) => tensor(args, args[6], refuse),
  'torch._utils._rebuild_parameter': ([value]) => value,
  'torch._utils._rebuild_parameter_with_state': ([value]) => value,
  'torch._tensor._rebuild_from_type_v2': ([rebuild, , args], refuse) => {
    if (!isGlobal(rebuild) || !rebuild.name.startsWith('torch._utils.') || !Array.isArray(args)) {
      throw refuse('a tensor of a custom class')
    }
    return callTorch(rebuild, args, refuse)
  },
  // Items follow one by one.
  'collections.OrderedDict': (args, refuse) => emptyDictionary(args, refuse),
  'collections.defaultdict': ([, ...args], refuse) => emptyDictionary(args, refuse),
  'torch.Size': ([dims]) => dims,
  'torch.jit._pickle.build_intlist': ([list]) => list,
  'torch.jit._pickle.build_doublelist': ([list]) => list,
  'torch.jit._pickle.build_boollist': ([list]) => list,
  'torch.jit._pickle.build_tensorlist': ([list]) => list,
  'torch.jit._pickle.restore_type_tag': ([value]) => value,
}

/** Records of a training run beside the weights; ignored. */
const opaque = new Set([
  'argparse.Namespace',
  'types.SimpleNamespace',
  ...['int', 'long', 'float', 'complex', 'bool', 'str', 'list', 'dict', 'tuple', 'set', 'frozenset'].flatMap((type) => [
    `builtins.${type}`,
    `__builtin__.${type}`,
  ]),
  '_codecs.encode',
  'datetime.datetime',
  'datetime.timedelta',
  'pathlib.Path',
  'pathlib.PosixPath',
  'pathlib.WindowsPath',
  'pathlib.PurePosixPath',
  'numpy.dtype',
  'numpy.ndarray',
  'numpy.core.multiarray.scalar',
  'numpy.core.multiarray._reconstruct',
  'numpy._core.multiarray.scalar',
  'numpy._core.multiarray._reconstruct',
  'torch.device',
  'torch.Tensor',
  'torch.nn.parameter.Parameter',
])

const isAllowed = (name: string): boolean =>
  Object.hasOwn(calls, name) ||
  Object.hasOwn(storageTypes, name) ||
  Object.hasOwn(elementTypes, name) ||
  opaque.has(name) ||
  // Modules of a TorchScript archive: names of its own classes; their code, beside the pickle, is not read.
  name.startsWith('__torch__.')

/** The host of a PyTorch pickle. */
export function torchHost(path: string): PickleHost {
  const where = `${path}: the checkpoint's pickle`
  const refuse = (problem: string) => new CheckpointError(`${where} has ${problem}, which typeclip cannot read`)
  return {
    where,
    find(name) {
      if (isAllowed(name)) return { kind: 'global', name }
      throw new CheckpointError(
        `${where} asks for ${show(name)}; typeclip runs no code from a checkpoint. If you trust it, save only its weights: torch.save(model.state_dict(), …)`,
      )
    },
    call: (global, args) => callTorch(global, args, refuse),
    persistent: (id) => storage(id, refuse),
  }
}

const show = (name: string): string => (name.length > 200 ? `${name.slice(0, 200)}…` : name)

function callTorch({ name }: Global, args: unknown[], refuse: (problem: string) => CheckpointError): unknown {
  if (Object.hasOwn(calls, name)) return calls[name]!(args, refuse)
  return { kind: 'opaque', of: name } satisfies Opaque
}

function emptyDictionary(args: unknown[], refuse: (problem: string) => CheckpointError): Map<unknown, unknown> {
  if (args.length > 0) throw refuse('a dictionary written by Python 2')
  return new Map()
}

/** `('storage', torch.FloatStorage, '0', 'cpu', 512)` */
function storage(id: unknown, refuse: (problem: string) => CheckpointError): TorchStorage {
  const [tag, type, key, , elements, view] = Array.isArray(id) ? id : []
  if (tag !== 'storage' || !isGlobal(type) || typeof key !== 'string' || !isCount(elements)) {
    throw refuse('a reference to something that is not a storage')
  }
  if (!Object.hasOwn(storageTypes, type.name)) throw refuse(`a storage of type ${show(type.name)}`)
  if (view != null) throw refuse('a view of a storage, as PyTorch before 0.4 saved them')
  return { kind: 'storage', key, dtype: storageTypes[type.name], elements }
}

function tensor(args: unknown[], type: unknown, refuse: (problem: string) => CheckpointError): TorchTensor {
  const [stored, offset, shape, strides] = args
  const of = stored as TorchStorage | null
  if (of?.kind !== 'storage') throw refuse('a tensor without a storage')
  const dtype = isGlobal(type) ? elementTypes[type.name] : of.dtype
  if (!dtype) throw refuse(isGlobal(type) ? `a tensor of ${show(type.name)}` : 'a tensor of an unnamed type')
  if (!isCount(offset) || !isCounts(shape) || !isCounts(strides) || shape.length !== strides.length) {
    throw refuse('a tensor whose offset, shape or strides are not numbers of elements')
  }
  return { kind: 'tensor', storage: of, dtype, offset, shape: [...shape], strides: [...strides] }
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
const isCounts = (value: unknown): value is number[] =>
  Array.isArray(value) && value.length <= 16 && value.every(isCount)

export const isTensor = (value: unknown): value is TorchTensor => (value as TorchTensor | null)?.kind === 'tensor'

const maxDepth = 100

/** All tensors in an unpickled value, by the path to them: `state_dict.visual.proj`. */
export function collectTensors(value: unknown, path: string): Map<string, TorchTensor> {
  const tensors = new Map<string, TorchTensor>()
  // Visit each dictionary once: otherwise a small pickle could make a huge tree.
  const seen = new Set<unknown>()
  const walk = (at: unknown, name: string, depth: number): void => {
    if (isTensor(at)) {
      if (tensors.has(name)) throw new CheckpointError(`${path}: two tensors are called '${show(name)}'`)
      tensors.set(name, at)
      return
    }
    const inner = isOpaque(at) ? at.state : at
    if (typeof inner !== 'object' || inner === null || seen.has(inner)) return
    seen.add(inner)
    if (depth > maxDepth)
      throw new CheckpointError(`${path}: the checkpoint's pickle is nested more than ${maxDepth} deep`)
    const items = inner instanceof Map || Array.isArray(inner) ? inner.entries() : []
    for (const [key, item] of items) {
      if (typeof key === 'string' || typeof key === 'number')
        walk(item, name === '' ? `${key}` : `${name}.${key}`, depth + 1)
    }
  }
  walk(value, '', 0)
  return tensors
}
