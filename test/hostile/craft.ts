// Makes checkpoints byte by byte, so that any byte can be wrong: safetensors, zip archives and pickles.

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1')

const u16 = (value: number): Buffer => latin1(String.fromCharCode(value & 255, value >> 8))
const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value >>> 0)
  return bytes
}
export const u64 = (value: number | bigint): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)))
  return bytes
}

/** A safetensors file; a header given as text or bytes is written unchanged. */
export function safetensors(header: unknown, dataLength = 0, claimed?: number | bigint): Buffer {
  const json = Buffer.isBuffer(header)
    ? header
    : Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))
  return Buffer.concat([u64(claimed ?? json.length), json, Buffer.alloc(dataLength)])
}

export interface Entry {
  name: string
  data: Buffer
  method?: number
  flags?: number
  /** False values in the directory. */
  size?: number
  header?: number
  /** False values in the local header. */
  signature?: number
  nameLength?: number
}

export interface Ending {
  count?: number
  size?: number
  offset?: number
  zip64?: { offset?: number; record?: Buffer }
}

/** A zip archive with stored entries. */
export function zip(entries: Entry[], ending: Ending = {}): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let at = 0
  for (const { name, data, method = 0, flags = 0, ...lies } of entries) {
    const common = Buffer.concat([u16(flags), u16(method), u32(0), u32(0)])
    const local = Buffer.concat([
      u32(lies.signature ?? 0x04034b50),
      u16(20),
      common,
      u32(data.length),
      u32(data.length),
      u16(lies.nameLength ?? name.length),
      u16(0),
      latin1(name),
      data,
    ])
    directory.push(
      Buffer.concat([
        u32(0x02014b50),
        u16(20),
        u16(20),
        common,
        u32(lies.size ?? data.length),
        u32(lies.size ?? data.length),
        u16(name.length),
        Buffer.alloc(12),
        u32(lies.header ?? at),
        latin1(name),
      ]),
    )
    parts.push(local)
    at += local.length
  }
  const listed = Buffer.concat(directory)
  const { zip64 } = ending
  const end64 = Buffer.concat([
    u32(0x06064b50),
    u64(44),
    Buffer.alloc(12),
    u64(entries.length),
    u64(entries.length),
    u64(listed.length),
    u64(at),
  ])
  const wide = zip64
    ? [zip64.record ?? end64, u32(0x07064b50), u32(0), u64(zip64.offset ?? at + listed.length), u32(1)]
    : []
  const count = u16(ending.count ?? entries.length)
  const end = [
    u32(0x06054b50),
    u32(0),
    count,
    count,
    u32(ending.size ?? listed.length),
    u32(ending.offset ?? at),
    u16(0),
  ]
  return Buffer.concat([...parts, listed, ...wide, ...end])
}

/** A torch.save archive around a pickle, with storages by key. */
export function torchArchive(pickle: Buffer, storages: Record<string, Buffer> = {}): Buffer {
  const data = Object.entries(storages).map(([key, data]) => ({ name: `archive/data/${key}`, data }))
  return zip([{ name: 'archive/data.pkl', data: pickle }, ...data])
}

/** Opcodes of pickle, as Python's pickletools names them. */
export const P = {
  proto: (version = 2) => latin1(`\x80${String.fromCharCode(version)}`),
  global: (module: string, name: string) => latin1(`c${module}\n${name}\n`),
  text: (text: string) => Buffer.concat([latin1('X'), u32(Buffer.byteLength(text)), Buffer.from(text)]),
  int: (value: number) =>
    value >= 0 && value < 256
      ? latin1(`K${String.fromCharCode(value)}`)
      : Buffer.concat([latin1('\x8a\x08'), u64(Number.isInteger(value) ? BigInt(value) : 0n)]),
  tuple: (...items: Buffer[]) => Buffer.concat([latin1('('), ...items, latin1('t')]),
  call: (callee: Buffer, ...args: Buffer[]) => Buffer.concat([callee, P.tuple(...args), latin1('R')]),
  dict: (entries: [Buffer, Buffer][]) => Buffer.concat([latin1('}('), ...entries.flat(), latin1('u')]),
  whole: (...parts: (Buffer | string)[]) =>
    Buffer.concat([P.proto(), ...parts.map((part) => (typeof part === 'string' ? latin1(part) : part)), latin1('.')]),
}

const ints = (values: readonly number[]) => P.tuple(...values.map(P.int))

export interface TensorLies {
  type?: Buffer
  key?: Buffer
  elements?: Buffer
  id?: Buffer
  offset?: Buffer
  shape?: Buffer
  strides?: Buffer
  rebuild?: string
  storage?: Buffer
}

/** The pickle of a float32 tensor [2, 3] in storage 0; every part can be replaced. */
export function tensor(lies: TensorLies = {}): Buffer {
  const type = lies.type ?? P.global('torch', 'FloatStorage')
  const id =
    lies.id ?? P.tuple(P.text('storage'), type, lies.key ?? P.text('0'), P.text('cpu'), lies.elements ?? P.int(6))
  return P.call(
    P.global('torch._utils', lies.rebuild ?? '_rebuild_tensor_v2'),
    lies.storage ?? Buffer.concat([id, latin1('Q')]),
    lies.offset ?? P.int(0),
    lies.shape ?? ints([2, 3]),
    lies.strides ?? ints([3, 1]),
    latin1('\x89'),
    P.call(P.global('collections', 'OrderedDict')),
  )
}

/** An archive with one such tensor under a name that CLIP has. */
export const tensorArchive = (lies: TensorLies = {}, storage: Buffer = Buffer.alloc(24)): Buffer =>
  torchArchive(P.whole(P.dict([[P.text('visual.conv1.weight'), tensor(lies)]])), { 0: storage })
