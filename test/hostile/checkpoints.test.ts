// Checkpoints that are broken, lie about themselves or would run something: each is refused with a sentence, in bounded
// time and memory.

import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openCheckpoint } from '../../src/checkpoint/open.node.ts'
import { readTensor } from '../../src/checkpoint/read.node.ts'
import { CheckpointError } from '../../src/errors.ts'
import { resolveNaming } from '../../src/formats/tensor-names.ts'
import { type Entry, P, safetensors, tensor, tensorArchive, torchArchive, u64, zip } from './craft.ts'

/** A hang is what this is to find: a busy machine takes several times as long as an idle one. */
const seconds = 30
const megabytes = 400

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'typeclip-hostile-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** All that is done with a checkpoint: open it, understand its names, read every tensor. */
async function use(path: string): Promise<void> {
  const { tensors } = await openCheckpoint(path)
  resolveNaming(tensors.keys())
  for (const tensor of tensors.values()) await readTensor(tensor)
}

async function refused(path: string, says: RegExp = /./): Promise<void> {
  const began = performance.now()
  const before = process.memoryUsage().rss
  const error: unknown = await use(path).then(
    () => undefined,
    (error) => error,
  )
  expect(error).toBeInstanceOf(CheckpointError)
  expect((error as Error).message).toMatch(/^[^\n]{20,1200}$/)
  expect((error as Error).message).toMatch(says)
  expect((performance.now() - began) / 1000).toBeLessThan(seconds)
  expect((process.memoryUsage().rss - before) / 2 ** 20).toBeLessThan(megabytes)
}

type Case = [name: string, bytes: Buffer, says?: RegExp]

function refusedAll(cases: Case[]): void {
  it.each(cases)('%s', async (_, bytes, says) => {
    const path = join(folder, 'model.bin')
    await writeFile(path, bytes)
    await refused(path, says)
  })
}

const latin1 = (text: string) => Buffer.from(text, 'latin1')
const name = 'visual.conv1.weight'
const entry = (begin: unknown, end: unknown, shape: unknown = [1], dtype: unknown = 'F32') => ({
  [name]: { dtype, shape, data_offsets: [begin, end] },
})

describe('files that are something else', () => {
  refusedAll([
    ['nothing', Buffer.alloc(0), /is empty/],
    ['one byte', Buffer.alloc(1)],
    ['seven bytes', Buffer.from('1234567')],
    ['zeros', Buffer.alloc(1000)],
    ['ones', Buffer.alloc(1000, 255)],
    ['a Git LFS pointer', Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:0'), /git lfs pull/],
    ['a web page', Buffer.from('\n<!doctype html><html>'), /web page/],
    ['an XML error', Buffer.from('<?xml version="1.0"?><Error/>'), /web page/],
    ['gzip', Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0]), /gzip/],
    ['GGUF', latin1('GGUF\x03\0\0\0'), /GGUF/],
    ['HDF5', latin1('\x89HDF\r\n\x1a\n'), /HDF5/],
    ['NumPy', latin1('\x93NUMPY\x01\0'), /NumPy/],
    ['text', Buffer.from('Hello, this is not a checkpoint.'), /neither safetensors nor/],
    ['PNG', latin1('\x89PNG\r\n\x1a\n\0\0\0\rIHDR'), /neither safetensors nor/],
  ])
})

describe('safetensors', () => {
  refusedAll([
    ['header of no bytes', safetensors('', 0)],
    ['header longer than the file', safetensors('{}', 0, 1000), /cut short/],
    ['header of 100 MB', safetensors('{}', 0, 100_000_000), /cut short/],
    ['header of more than is allowed', safetensors('{}', 0, 100_000_001)],
    ['header of 2⁵³ bytes', safetensors('{}', 0, 2 ** 53)],
    ['header of 2⁶⁴ − 1 bytes', safetensors('{}', 0, -1)],
    ['header that ends before its JSON', safetensors('{"a":{}}', 0, 5), /not valid JSON/],
    ['header not UTF-8', safetensors(Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d])), /not UTF-8/],
    ['text after the JSON', safetensors('{} x'), /not valid JSON/],
    ['two objects', safetensors('{}{}'), /not valid JSON/],
    ['comma at the end', safetensors('{"a":1,}'), /not valid JSON/],
    ['open string', safetensors('{"a'), /not valid JSON/],
    ['open escape', safetensors('{"a\\'), /not valid JSON/],
    ['NaN', safetensors('{"a":NaN}'), /not valid JSON/],
    ['deep arrays', safetensors(`{"a":${'['.repeat(50_000)}`), /nested/],
    ['deep objects', safetensors('{"a":'.repeat(50_000)), /nested/],
    ['many quotes', safetensors(`{${'"'.repeat(300_001)}`)],
    ['no tensors', safetensors({}), /holds no tensors/],
    ['only metadata', safetensors({ __metadata__: { format: 'pt' } }), /holds no tensors/],
    ['name twice', safetensors(`{"${name}":1,"${name}":2}`), /twice/],
    ['name twice, once escaped', safetensors('{"a":1,"\\u0061":2}'), /twice/],
    ['dtype twice', safetensors('{"a":{"dtype":"F32","dtype":"F16"}}'), /twice/],
    ['metadata of numbers', safetensors({ __metadata__: { a: 1 } }), /__metadata__/],
    ['metadata as a list', safetensors({ __metadata__: ['a'] }), /__metadata__/],
    ['metadata as null', safetensors({ __metadata__: null }), /__metadata__/],
    ['metadata of metadata', safetensors({ __metadata__: { a: { b: 'c' } } }), /__metadata__/],
    ...[null, 1, 'F32', [], true, {}].map(
      (value): Case => [`tensor that is ${JSON.stringify(value)}`, safetensors({ [name]: value }, 4)],
    ),
    ...[undefined, null, 4, 'f32', 'F4', 'C64', '__proto__', 'constructor', ['F32']].map(
      (dtype): Case => [
        `dtype ${JSON.stringify(dtype)}`,
        safetensors({ [name]: { dtype, shape: [1], data_offsets: [0, 4] } }, 4),
        /element type .* is not one of F64/,
      ],
    ),
    ...[null, 1, '1', [-1], [1.5], ['1'], [null], [[1]], {}, [2 ** 53]].map(
      (shape): Case => [`shape ${JSON.stringify(shape)}`, safetensors(entry(0, 4, shape), 4), /shape should be/],
    ),
    ['shape of 1e999', safetensors(`{"a":{"dtype":"F32","shape":[1e999],"data_offsets":[0,4]}}`, 4), /shape should be/],
    ['shape that overflows', safetensors(entry(0, 4, [2 ** 50, 2 ** 50]), 4), /takes .* bytes/],
    ['shape that overflows to 0', safetensors(entry(0, 0, [2 ** 32, 2 ** 32]), 0), /takes .* bytes/],
    ['shape of 400 dims', safetensors(entry(0, 4, Array(400).fill(9)), 4), /takes/],
    ['shape larger than its bytes', safetensors(entry(0, 4, [2]), 4), /takes 8 bytes/],
    ['shape smaller than its bytes', safetensors(entry(0, 8, [1]), 8), /takes 4 bytes/],
    ...[null, 4, [0], [0, 4, 8], [4, 0], [-4, 0], [0.5, 4.5], ['0', '4'], [0, null], [0, 2 ** 53]].map(
      (offsets): Case => [
        `data_offsets ${JSON.stringify(offsets)}`,
        safetensors({ [name]: { dtype: 'F32', shape: [1], data_offsets: offsets } }, 8),
        /data_offsets/,
      ],
    ),
    ['data beyond the end', safetensors(entry(0, 4000, [1000]), 100), /cut short/],
    ['data far beyond the end', safetensors(entry(0, 2 ** 52, [2 ** 50]), 100), /cut short/],
    ['data that starts late', safetensors(entry(4, 8), 8), /leaves 4 unused bytes after the header/],
    ['data after the last tensor', safetensors(entry(0, 4), 8), /4 bytes follow/],
    ['the same bytes twice', safetensors({ ...entry(0, 4), a: entry(0, 4)[name] }, 4), /overlaps/],
    ['bytes in part twice', safetensors({ ...entry(0, 8, [2]), a: entry(4, 12, [2])[name] }, 12), /overlaps/],
    [
      'many tensors on the same bytes',
      safetensors(Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`t${i}`, entry(0, 4)[name]])), 4),
      /overlaps/,
    ],
    ['a hole', safetensors({ ...entry(0, 4), a: entry(8, 12)[name] }, 12), /unused bytes/],
    ['names of other models', safetensors({ 'fc.weight': entry(0, 4)[name] }, 4), /none of the checkpoint's 1 tensors/],
    ['a name of a megabyte', safetensors({ ['x'.repeat(1e6)]: entry(0, 4)[name] }, 4), /none of the/],
    [
      'a name beside those of CLIP',
      safetensors({ ...entry(0, 4), __proto__x: entry(4, 8)[name] }, 8),
      /not part of CLIP/,
    ],
    [
      '200,000 names',
      safetensors(
        Object.fromEntries(Array.from({ length: 200_000 }, (_, i) => [`t${i}`, entry(4 * i, 4 * i + 4)[name]])),
        800_000,
      ),
      /none of the/,
    ],
  ])
})

const pickled = P.whole(P.dict([[P.text(name), tensor()]]))
const entries = (change: Partial<Entry> = {}, of = 0): Entry[] =>
  [
    { name: 'archive/data.pkl', data: pickled },
    { name: 'archive/data/0', data: Buffer.alloc(24) },
  ].map((entry, i) => (i === of ? { ...entry, ...change } : entry))
const good = zip(entries())

describe('zip archives', () => {
  it('reads the one that the others are made from', async () => {
    await writeFile(join(folder, 'good.pt'), good)
    await use(join(folder, 'good.pt'))
    await writeFile(join(folder, 'good64.pt'), zip(entries(), { zip64: {}, count: 0xffff, offset: 0xffffffff }))
    await use(join(folder, 'good64.pt'))
  })

  refusedAll([
    ...[4, 30, 60, 100, 200, 21, 22, 1, 2].map(
      (less): Case => [`cut ${less} bytes before its end`, good.subarray(0, good.length - less)],
    ),
    ['nothing but its first bytes', latin1('PK\x03\x04'), /no directory at its end/],
    ['directory with more entries than said', zip(entries(), { count: 1 }), /data\/0, which is missing/],
    ['directory with fewer entries than said', zip(entries(), { count: 3 }), /directory is damaged/],
    ['65,535 entries claimed', zip(entries(), { count: 65_535 }), /directory is damaged/],
    ['directory beyond the file', zip(entries(), { offset: 1e9 }), /cut short/],
    ['directory of 4 GB', zip(entries(), { size: 0xfffffffe }), /4294967294 bytes/],
    ['directory at 0', zip(entries(), { offset: 0 }), /damaged/],
    ['zip64 record beyond the file', zip(entries(), { zip64: { offset: 1e9 } }), /zip64 end record should be/],
    ['zip64 record at 2⁶³', zip(entries(), { zip64: { offset: 2 ** 63 } }), /zip64 end record should be/],
    ['zip64 record of zeros', zip(entries(), { zip64: { record: Buffer.alloc(56) } }), /zip64 end record is damaged/],
    ['zip64 sizes that are not there', zip(entries({ size: 0xffffffff }, 1)), /lacks its zip64 sizes/],
    ['one name twice', zip([...entries(), ...entries()]), /two zip entries are called/],
    ['entry over another', zip(entries({ header: 0 }, 1)), /overlaps another/],
    ['entry in the directory', zip(entries({ header: 600 }, 1)), /overlaps another or is outside/],
    ['entry beyond the file', zip(entries({ header: 0x7fffffff }, 1)), /outside the archive/],
    ['entry of 4 GB', zip(entries({ size: 0xfffffffe }, 1)), /outside the archive/],
    ['entry that grows into the next', zip(entries({ size: pickled.length + 40 }, 0)), /overlaps another/],
    ['compressed pickle', zip(entries({ method: 8 }, 0)), /data\.pkl' is compressed/],
    ['compressed storage', zip(entries({ method: 8 }, 1)), /data\/0' is compressed.*save the checkpoint again/],
    ['encrypted storage', zip(entries({ flags: 1 }, 1)), /encrypted/],
    ['local header damaged', zip(entries({ signature: 0 }, 1)), /header of zip entry/],
    ['local name that runs past the file', zip(entries({ nameLength: 0xffff }, 1)), /ends after the end of the file/],
    ['no pickle', zip([{ name: 'archive/data/0', data: Buffer.alloc(24) }]), /without data\.pkl/],
    ['a NumPy archive', zip([{ name: 'a.npy', data: Buffer.alloc(24) }]), /without data\.pkl/],
    ['pickle two folders down', zip(entries({ name: 'a/b/data.pkl' }, 0)), /without data\.pkl/],
    ['empty pickle', zip(entries({ data: Buffer.alloc(0) }, 0)), /ends in the middle/],
    ['storage missing', zip(entries({ name: 'archive/data/1' }, 1)), /data\/0, which is missing/],
    ['storage too small', zip(entries({ data: Buffer.alloc(20) }, 1)), /takes bytes up to 24 of a storage of 20/],
    ['storage of nothing', zip(entries({ data: Buffer.alloc(0) }, 1)), /takes bytes up to 24 of a storage of 0/],
    ['big-endian', zip([...entries(), { name: 'archive/byteorder', data: latin1('big') }]), /big byte order/],
    ['byte order unknown', zip([...entries(), { name: 'archive/byteorder', data: latin1('middle') }]), /byte order/],
  ])
})

const pickle = (...parts: (Buffer | string)[]): Buffer => torchArchive(P.whole(...parts))
const asking = (module: string, called: string): Case => [
  `${module}.${called}`,
  pickle(P.call(P.global(module, called), P.text('echo hacked'))),
  new RegExp(`asks for ${module}.${called}; typeclip runs no code from a checkpoint`.replaceAll('.', '\\.')),
]

describe('pickles that would run something', () => {
  refusedAll([
    asking('os', 'system'),
    asking('posix', 'system'),
    asking('nt', 'system'),
    asking('subprocess', 'Popen'),
    asking('subprocess', 'check_output'),
    asking('builtins', 'eval'),
    asking('builtins', 'exec'),
    asking('builtins', 'getattr'),
    asking('builtins', 'open'),
    asking('builtins', '__import__'),
    asking('__builtin__', 'eval'),
    asking('importlib', 'import_module'),
    asking('runpy', '_run_code'),
    asking('socket', 'create_connection'),
    asking('shutil', 'rmtree'),
    asking('pickle', 'loads'),
    asking('operator', 'attrgetter'),
    asking('functools', 'partial'),
    asking('types', 'CodeType'),
    asking('webbrowser', 'open'),
    asking('torch', 'load'),
    asking('torch.hub', 'load'),
    asking('torch.jit._pickle', '__import__'),
    asking('torch._utils', '__class__'),
    asking('collections', 'OrderedDict.__class__'),
    asking('numpy.testing._private.utils', 'runstring'),
    asking('torch.nn.modules.linear', 'Linear'),
    asking('__main__', 'Model'),
    asking('', ''),
    [
      'by STACK_GLOBAL',
      pickle(P.text('os'), P.text('system'), '\x93', P.tuple(P.text('ls')), 'R'),
      /asks for os\.system/,
    ],
    ['by STACK_GLOBAL of numbers', pickle(P.int(1), P.int(2), '\x93'), /something that is not text/],
    ['by INST', pickle('(', P.text('ls'), 'ios\nsystem\n'), /opcode 0x69/],
    ['by OBJ', pickle('(', P.global('os', 'system'), P.text('ls'), 'o'), /asks for os\.system/],
    ['by NEWOBJ', pickle(P.global('os', 'system'), ')\x81'), /asks for os\.system/],
    ['by NEWOBJ_EX', pickle(P.global('os', 'system'), ')}\x92'), /asks for os\.system/],
    ['by EXT1', pickle('\x82\x01'), /opcode 0x82/],
    ['by a name with a dot', pickle(P.global('argparse', 'Namespace.__init__.__globals__')), /asks for argparse/],
    ['without calling it', pickle(P.global('os', 'system')), /asks for os\.system/],
    [
      'behind the weights',
      pickle(
        P.dict([
          [P.text(name), tensor()],
          [P.text('x'), P.call(P.global('os', 'system'))],
        ]),
      ),
      /asks for os\.system/,
    ],
    ['a name of a megabyte', pickle(P.global('m', 'x'.repeat(1e6))), /asks for m\.xxx/],
    ['calling a string', pickle(P.text('os.system'), P.tuple(P.text('ls')), 'R'), /not a function/],
    ['calling with a string', pickle(P.global('argparse', 'Namespace'), P.text('ls'), 'R'), /not a function/],
  ])
})

describe('pickles that are broken', () => {
  const opcodes = Array.from({ length: 256 }, (_, i) => i).filter((i) => ![0x2e].includes(i))
  it('none of the 255 opcodes alone does harm', async () => {
    const path = join(folder, 'opcode.pt')
    for (const opcode of opcodes) {
      await writeFile(path, torchArchive(Buffer.from([0x80, 2, opcode, 0x2e])))
      await refused(path)
      await writeFile(path, torchArchive(Buffer.from([0x80, 2, opcode])))
      await refused(path)
    }
  })

  const million = (part: string, times = 1_000_000) => Buffer.alloc(times, latin1(part))
  refusedAll([
    ['protocol 0', torchArchive(latin1('(dp0\n.')), /opcode 0x64/],
    ['protocol 1', torchArchive(latin1('\x80\x01}.')), /protocol 1/],
    ['protocol 6', torchArchive(latin1('\x80\x06}.')), /protocol 6/],
    ['no end', torchArchive(latin1('\x80\x02}')), /ends in the middle/],
    ['nothing on the stack', pickle(''), /pops more than it has pushed/],
    ['a mark never closed', pickle('}('), /pops more than it has pushed/],
    ['a mark never opened', pickle('t'), /not open/],
    ['taking what is under a mark', pickle('}N(s'), /pops more/],
    ['recalling what was not kept', pickle('h\x05'), /refers to object 5/],
    ['a key without a value', pickle('}(', P.text('a'), 'u'), /key without a value/],
    ['an item of a number', pickle(P.int(1), P.text('a'), P.int(2), 's'), /not a dictionary/],
    ['an item of a tensor', pickle(tensor(), P.text('a'), P.int(2), 's'), /not a dictionary/],
    ['appending to a dictionary', pickle('}', P.int(1), 'a'), /not a list/],
    ['adding to a list', pickle('](', P.int(1), '\x90'), /not a set/],
    ['a state for a number', pickle(P.int(1), '}b'), /has none/],
    ['a state for a tensor', pickle(tensor(), '}b'), /has none/],
    ['text of 4 GB', pickle(latin1('X\xff\xff\xff\xff')), /ends in the middle/],
    ['text of 2⁶⁴ bytes', pickle(latin1('\x8d'), u64(-1)), /ends in the middle/],
    ['bytes of 2⁶³', pickle(latin1('\x8e'), u64(2 ** 63)), /ends in the middle/],
    ['an integer of 4 GB', pickle(latin1('\x8b\xff\xff\xff\xff')), /integer of 4294967295 bytes/],
    [
      'an integer of a kilobyte',
      pickle(latin1('\x8b\x00\x04\x00\x00'), Buffer.alloc(1024, 1)),
      /integer of 1024 bytes/,
    ],
    ['a line without end', torchArchive(latin1('\x80\x02cos')), /ends in the middle/],
    ['a million dictionaries', pickle(million('}')), /makes more than 500000 objects/],
    ['a million sets', pickle(million('\x8f')), /makes more than/],
    ['ten million Nones', pickle(million('N', 10_000_000)), /more than 4000000 operations/],
    ['marks, and nothing in them', pickle(million('(', 5_000_000)), /more than 4000000 operations/],
    ['a pickle of 65 MB', torchArchive(Buffer.alloc(65 << 20, 'N')), /at most 67108864 can be read/],
    ['100,000 deep', pickle(million(']', 100_000), million('a', 99_999)), /nested more than 100 deep|holds no tensors/],
    [
      'dictionaries 1,000 deep',
      pickle(...Array.from({ length: 1000 }, () => Buffer.concat([latin1('}'), P.text('a')])), 'N', 's'.repeat(1000)),
      /nested more than 100 deep/,
    ],
    ['a dictionary within itself', pickle('}q\x00', P.text('a'), 'h\x00s'), /holds no tensors/],
    [
      'a billion laughs',
      pickle(
        ']q\x00',
        ...Array.from({ length: 90 }, (_, i) =>
          latin1(`](${`h${String.fromCharCode(i)}`.repeat(10)}eq${String.fromCharCode(i + 1)}`),
        ),
      ),
      /holds no tensors/,
    ],
    ['only a number', pickle(P.int(1)), /holds no tensors/],
    ['an old dictionary', pickle(P.call(P.global('collections', 'OrderedDict'), latin1(']'))), /Python 2/],
  ])
})

describe('tensors that lie', () => {
  const ints = (...values: number[]) => P.tuple(...values.map(P.int))
  refusedAll([
    ['negative offset', tensorArchive({ offset: P.int(-1) }), /not numbers of elements/],
    ['offset past the storage', tensorArchive({ offset: P.int(1) }), /takes bytes up to 28 of a storage of 24/],
    ['offset of 2⁵³', tensorArchive({ offset: P.int(2 ** 53) })],
    ['offset of 2⁵²', tensorArchive({ offset: P.int(2 ** 52) }), /takes bytes up to/],
    ['offset as text', tensorArchive({ offset: P.text('0') }), /not numbers of elements/],
    ['negative shape', tensorArchive({ shape: ints(-2, 3) }), /not numbers of elements/],
    ['shape as text', tensorArchive({ shape: P.text('23') }), /not numbers of elements/],
    ['shape too large', tensorArchive({ shape: ints(2, 4), strides: ints(4, 1) }), /takes bytes up to 32/],
    [
      'shape that overflows',
      tensorArchive({ shape: ints(2 ** 50, 2 ** 50), strides: ints(2 ** 50, 1) }),
      /takes bytes up to/,
    ],
    [
      'shape and strides of 0',
      tensorArchive({ shape: ints(2 ** 50, 2 ** 50), strides: ints(0, 0) }),
      /repeats the same bytes/,
    ],
    [
      'expanded to a terabyte',
      tensorArchive({ shape: ints(2 ** 38, 1), strides: ints(0, 1) }),
      /repeats the same bytes/,
    ],
    ['overlapping windows', tensorArchive({ shape: ints(3, 3), strides: ints(1, 1) }), /repeats the same bytes/],
    ['fewer strides than dims', tensorArchive({ strides: ints(1) }), /not numbers of elements/],
    ['negative strides', tensorArchive({ strides: ints(-3, 1) }), /not numbers of elements/],
    ['strides past the storage', tensorArchive({ strides: ints(300, 1) }), /takes bytes up to/],
    ['strides of 2⁵²', tensorArchive({ strides: ints(2 ** 52, 1) }), /takes bytes up to/],
    ['a hundred dims', tensorArchive({ shape: ints(...Array(100).fill(1)), strides: ints(...Array(100).fill(1)) })],
    [
      'storage of a class of its own',
      tensorArchive({ type: P.global('torch', 'MyStorage') }),
      /asks for torch\.MyStorage/,
    ],
    ['storage of complex numbers', tensorArchive({ type: P.global('torch', 'ComplexFloatStorage') }), /asks for/],
    ['quantised storage', tensorArchive({ type: P.global('torch', 'QInt8Storage') }), /asks for/],
    ['storage without a type', tensorArchive({ type: P.text('FloatStorage') }), /not a storage/],
    [
      'storage of an opaque type',
      tensorArchive({ type: P.global('torch', 'device') }),
      /a storage of type torch\.device/,
    ],
    ['untyped storage', tensorArchive({ type: P.global('torch.storage', 'UntypedStorage') }), /unnamed type/],
    ['key elsewhere', tensorArchive({ key: P.text('../../../etc/passwd') }), /which is missing/],
    ['key of a built-in', tensorArchive({ key: P.text('__proto__') }), /which is missing/],
    ['key as a number', tensorArchive({ key: P.int(0) }), /not a storage/],
    ['number of elements negative', tensorArchive({ elements: P.int(-6) }), /not a storage/],
    ['reference to text', tensorArchive({ id: P.text('storage') }), /not a storage/],
    [
      'reference to a module',
      tensorArchive({ id: P.tuple(P.text('module'), P.text('x'), P.text('0')) }),
      /not a storage/,
    ],
    ['reference that is short', tensorArchive({ id: P.tuple(P.text('storage')) }), /not a storage/],
    ['no storage', tensorArchive({ storage: P.int(0) }), /without a storage/],
    ['sparse', tensorArchive({ rebuild: '_rebuild_sparse_tensor' }), /asks for torch\._utils\._rebuild_sparse_tensor/],
    ['quantised', tensorArchive({ rebuild: '_rebuild_qtensor' }), /asks for torch\._utils\._rebuild_qtensor/],
    [
      'a view of a storage',
      tensorArchive({
        id: P.tuple(
          P.text('storage'),
          P.global('torch', 'FloatStorage'),
          P.text('0'),
          P.text('cpu'),
          P.int(6),
          P.tuple(P.text('v'), P.int(0), P.int(3)),
        ),
      }),
      /a view of a storage/,
    ],
    ['a call without arguments', pickle(P.call(P.global('torch._utils', '_rebuild_tensor_v2'))), /without a storage/],
    [
      'a subclass that rebuilds itself',
      pickle(P.call(P.global('torch._tensor', '_rebuild_from_type_v2'), P.global('torch', 'device'), latin1('N'))),
      /custom class/,
    ],
    [
      'two of one name',
      pickle(
        P.dict([
          [P.text('a'), P.dict([[P.text('b'), tensor()]])],
          [P.text('a.b'), tensor()],
        ]),
      ),
      /two tensors are called 'a\.b'/,
    ],
  ])
})

describe('old torch.save files', async () => {
  const legacy = await readFile(resolve('fixtures/checkpoints/legacy.pt'))
  const magic = latin1('\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.')
  const rest = (little: string, storages: Buffer) =>
    Buffer.concat([
      magic,
      P.whole(latin1('M\xe9\x03')),
      P.whole(P.dict([[P.text('little_endian'), latin1(little)]])),
      P.whole(P.dict([[P.text(name), tensor()]])),
      P.whole(']', P.text('0'), 'a'),
      storages,
    ])
  it('reads the one that the others are made from', async () => {
    await writeFile(join(folder, 'legacy.pt'), rest('\x88', Buffer.concat([u64(6), Buffer.alloc(24)])))
    await use(join(folder, 'legacy.pt'))
  })
  refusedAll([
    ['another number in front', P.whole(latin1('\x8a\x0a'), Buffer.alloc(10, 1)), /not one that torch\.save wrote/],
    ['a plain pickle', P.whole(P.dict([[P.text('a'), P.int(1)]])), /not one that torch\.save wrote/],
    [
      'a plain pickle that runs something',
      P.whole(P.call(P.global('os', 'system'), P.text('ls'))),
      /asks for os\.system/,
    ],
    ['only the number', magic, /ends in the middle/],
    ['big-endian', rest('\x89', Buffer.alloc(32)), /big-endian/],
    ['storage of another length', rest('\x88', Buffer.concat([u64(7), Buffer.alloc(28)])), /should have 6 elements/],
    [
      'storage of 2⁶³ elements',
      rest('\x88', Buffer.concat([u64(2 ** 63), Buffer.alloc(24)])),
      /should have 6 elements/,
    ],
    ['storage cut short', rest('\x88', Buffer.concat([u64(6), Buffer.alloc(23)])), /ends early/],
    ['no storage', rest('\x88', Buffer.alloc(0)), /cut short/],
    ...[1, 10, 100, 300, 700, 1200].map(
      (less): Case => [`cut ${less} bytes before its end`, legacy.subarray(0, legacy.length - less)],
    ),
  ])
})

describe('indexes and folders', () => {
  const index = (map: unknown): Buffer => Buffer.from(JSON.stringify({ weight_map: map }))
  refusedAll([
    ['index without a map', Buffer.from('{"metadata":{}}'), /weight_map/],
    ['index with a list', index([]), /weight_map/],
    ['index with null', index(null), /weight_map/],
    ['index of nothing', index({}), /lists no tensors/],
    ['index cut short', Buffer.from('{"weight_map":{'), /not valid JSON/],
    ['index with a name twice', Buffer.from('{"weight_map":{"a":"x","a":"y"}}'), /twice/],
    ['index nested deep', Buffer.from(`{"weight_map":${'{"a":'.repeat(1000)}`), /nested/],
    ['index of a megabyte of brackets', Buffer.from(`{${'['.repeat(1_000_000)}`), /nested/],
    ...['../x', '/etc/passwd', '..', '.', '', 'a/b', 'a\\b', 'C:x', 'x\0', 5, null, ['a']].map(
      (file): Case => [
        `index that points to ${JSON.stringify(file)}`,
        index({ [name]: file }),
        /not the name of a file beside it/,
      ],
    ),
    ['index to a file that is missing', index({ [name]: 'none.safetensors' }), /no such file/],
    ['index to itself', index({ [name]: 'model.bin' }), /is an index of shards, but/],
    ['index of 70 MB', Buffer.from(`{${' '.repeat(70 << 20)}}`), /too many for an index/],
  ])

  it('an index to a shard without the tensor', async () => {
    await writeFile(join(folder, 'shard.safetensors'), safetensors(entry(0, 4), 4))
    await writeFile(join(folder, 'some.index.json'), index({ [name]: 'shard.safetensors', other: 'shard.safetensors' }))
    await refused(join(folder, 'some.index.json'), /'other' is in .*shard\.safetensors, which does not hold it/)
  })

  it('folders and paths', async () => {
    await refused(join(folder, 'none'), /no such file/)
    await refused(`${folder}/a\0b`, /cannot be opened/)
    await mkdir(join(folder, 'empty'))
    await refused(join(folder, 'empty'), /no weights in this folder/)
    await mkdir(join(folder, 'folder', 'model.safetensors'), { recursive: true })
    await refused(join(folder, 'folder'), /is not a file/)
    await symlink(join(folder, 'loop'), join(folder, 'loop'))
    await refused(join(folder, 'loop'), /cannot be opened/)
    await symlink(join(folder, 'gone'), join(folder, 'dangling'))
    await refused(join(folder, 'dangling'), /no such file/)
  })
})

/** A small generator of numbers (mulberry32): the same changes on every run. */
function seeded(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Where the describing bytes are: weights may be anything. */
const regions: [file: string, start: (bytes: Buffer) => number, end: (bytes: Buffer) => number][] = [
  ['types.safetensors', () => 0, (bytes) => 8 + Number(bytes.readBigUInt64LE())],
  ['types.pt', (bytes) => bytes.indexOf('data.pkl') - 30, (bytes) => bytes.length],
  ['training-protocol-4.pt', () => 0, (bytes) => bytes.length],
  ['views.pt', () => 0, (bytes) => bytes.length],
  ['legacy.pt', () => 0, (bytes) => bytes.length],
  ['openai-vit.pt', (bytes) => bytes.lastIndexOf('data.pkl', -4000) - 30, (bytes) => bytes.length],
  ['sharded/model.safetensors.index.json', () => 0, (bytes) => bytes.length],
]

describe('bytes changed at random', () => {
  it.each(regions)('%s opens or is refused, and never anything else', async (file, start, end) => {
    const original = await readFile(resolve('fixtures/checkpoints', file))
    const random = seeded(original.length)
    const [from, to] = [Math.max(0, start(original)), end(original)]
    const path = join(folder, 'fuzzed')
    let refusals = 0
    for (let round = 0; round < 400; round++) {
      let bytes = Buffer.from(original)
      const changes = 1 + Math.floor(random() * 4)
      for (let i = 0; i < changes; i++) bytes[from + Math.floor(random() * (to - from))] = Math.floor(random() * 256)
      if (random() < 0.1) bytes = bytes.subarray(0, from + Math.floor(random() * (to - from)))
      await writeFile(path, bytes)
      const began = performance.now()
      await openCheckpoint(path)
        .then(async ({ tensors }) => {
          for (const tensor of tensors.values()) await readTensor(tensor)
        })
        .catch((error) => {
          if (!(error instanceof CheckpointError)) throw error
          refusals++
        })
      expect(performance.now() - began).toBeLessThan(seconds * 1000)
    }
    expect(refusals).toBeGreaterThan(20)
  })
})
