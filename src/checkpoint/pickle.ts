// A restricted reader of Python's pickle format, a small stack machine: it builds lists and dictionaries, and calls
// its host for everything else. It runs no code. Opcodes as Python's pickletools.py has them, protocols 2 to 5.

import { CheckpointError } from '../errors.ts'

/** A class or function that a pickle names. */
export interface Global {
  kind: 'global'
  name: string
}

/** What the pickle may do beyond plain data; each method returns a value or throws. */
export interface PickleHost {
  /** Prefix of error messages. */
  where: string
  /** Resolves a name. @throws CheckpointError for a name that is not allowed */
  find(name: string): Global
  /** The value of a call of `global`. */
  call(global: Global, args: unknown[]): unknown
  /** The value of a persistent id, a reference to something outside the pickle. */
  persistent(id: unknown): unknown
}

// A hostile pickle can make an object with every byte; real ones make a few thousand.
const maxOperations = 4_000_000
const maxContainers = 500_000
// The state of a random generator is a few hundred bits.
const maxIntegerBytes = 64

interface Machine {
  bytes: Uint8Array
  view: DataView
  at: number
  stack: unknown[]
  /** Stack positions where the open groups begin. */
  marks: number[]
  memo: Map<number, unknown>
  containers: number
  host: PickleHost
}

/** Reads one pickle from `start`; returns its value and where it ends. */
export function unpickle(bytes: Uint8Array, host: PickleHost, start = 0): { value: unknown; end: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const machine: Machine = { bytes, view, at: start, stack: [], marks: [], memo: new Map(), containers: 0, host }
  for (let count = 0; count < maxOperations; count++) {
    const opcode = take(machine, 1)[0]!
    if (opcode === stop) return { value: pop(machine), end: machine.at }
    step(machine, opcode)
  }
  throw broken(machine, `has more than ${maxOperations} operations, more than any checkpoint's`)
}

const stop = 0x2e

function step(m: Machine, opcode: number): void {
  const value = values.get(opcode)
  if (value) return void m.stack.push(value(m))
  const object = objects.get(opcode)
  if (object) {
    if (++m.containers > maxContainers) throw broken(m, `makes more than ${maxContainers} objects`)
    return void m.stack.push(object(m))
  }
  const change = changes.get(opcode)
  if (!change) {
    throw broken(m, `has opcode 0x${opcode.toString(16).padStart(2, '0')}, which torch.save does not write`)
  }
  change(m)
}

const broken = (m: Machine, problem: string) =>
  new CheckpointError(`${m.host.where} ${problem} (at byte ${m.at}); the file is damaged or not a checkpoint`)

/** The next bytes of the pickle. */
function take(m: Machine, length: number): Uint8Array {
  if (length > m.bytes.length - m.at) throw broken(m, 'ends in the middle')
  m.at += length
  return m.bytes.subarray(m.at - length, m.at)
}

function size4(m: Machine): number {
  take(m, 4)
  return m.view.getUint32(m.at - 4, true)
}

const size1 = (m: Machine): number => take(m, 1)[0]!

function size8(m: Machine): number {
  take(m, 8)
  return Number(m.view.getBigUint64(m.at - 8, true))
}

const utf8 = new TextDecoder()
const text = (m: Machine, length: number): string => utf8.decode(take(m, length))

/** A line of the text opcodes, which name classes. */
function line(m: Machine): string {
  const end = m.bytes.indexOf(0x0a, m.at)
  if (end < 0) throw broken(m, 'ends in the middle')
  const content = text(m, end - m.at)
  m.at++
  return content
}

function pop(m: Machine): unknown {
  const value = top(m)
  m.stack.pop()
  return value
}

function top(m: Machine): unknown {
  if (m.stack.length <= (m.marks.at(-1) ?? 0)) throw broken(m, 'pops more than it has pushed')
  return m.stack.at(-1)
}

/** Everything since the last mark. */
function group(m: Machine): unknown[] {
  const start = m.marks.pop()
  if (start === undefined) throw broken(m, 'closes a group that is not open')
  return m.stack.splice(start)
}

function long(m: Machine, length: number): number | bigint {
  if (length > maxIntegerBytes) throw broken(m, `has an integer of ${length} bytes`)
  let value = 0n
  for (const [i, byte] of take(m, length).entries()) value |= BigInt(byte) << BigInt(8 * i)
  value = BigInt.asIntN(8 * length, value)
  return Number.isSafeInteger(Number(value)) ? Number(value) : value
}

function float(m: Machine): number {
  take(m, 8)
  return m.view.getFloat64(m.at - 8)
}

function recall(m: Machine, index: number): unknown {
  if (!m.memo.has(index)) throw broken(m, `refers to object ${index}, which does not exist`)
  return m.memo.get(index)
}

function findGlobal(m: Machine, [module, name]: unknown[]): Global {
  if (typeof module !== 'string' || typeof name !== 'string')
    throw broken(m, 'names a class by something that is not text')
  return m.host.find(`${module}.${name}`)
}

/** Keyword arguments (a third stack entry) are ignored. */
function call(m: Machine, [callee, args]: unknown[]): unknown {
  if (!isGlobal(callee) || !Array.isArray(args)) throw broken(m, 'calls something that is not a function')
  return m.host.call(callee, args)
}

export const isGlobal = (value: unknown): value is Global => (value as Global | null)?.kind === 'global'

/** An object of an ignored class: only its state is kept. */
export interface Opaque {
  kind: 'opaque'
  of: string
  state?: unknown
}

export const isOpaque = (value: unknown): value is Opaque => (value as Opaque | null)?.kind === 'opaque'

function setItems(m: Machine, items: unknown[]): void {
  const target = top(m)
  if (items.length % 2 === 1) throw broken(m, 'sets a key without a value')
  if (isOpaque(target)) return
  if (!(target instanceof Map)) throw broken(m, 'sets a key of something that is not a dictionary')
  for (let i = 0; i < items.length; i += 2) target.set(items[i], items[i + 1])
}

function append(m: Machine, items: unknown[]): void {
  const target = top(m)
  if (isOpaque(target)) return
  if (!Array.isArray(target)) throw broken(m, 'appends to something that is not a list')
  for (const item of items) target.push(item)
}

function addItems(m: Machine, items: unknown[]): void {
  const target = top(m)
  if (!(target instanceof Set)) throw broken(m, 'adds to something that is not a set')
  for (const item of items) target.add(item)
}

/** A dictionary's own state (PyTorch keeps `_metadata` there) is not needed. */
function build(m: Machine): void {
  const state = pop(m)
  const target = top(m)
  if (isOpaque(target)) target.state = state
  else if (!(target instanceof Map)) throw broken(m, 'sets the state of something that has none')
}

const tuple = (m: Machine, length: number): unknown[] => Array.from({ length }, () => pop(m)).reverse()

type Row<T> = [opcode: string, row: (m: Machine) => T]
const byOpcode = <T>(rows: Row<T>[]): Map<number, (m: Machine) => T> =>
  new Map(rows.map(([opcode, row]) => [opcode.charCodeAt(0), row]))

/** The opcodes that push one plain value. */
const values = byOpcode<unknown>([
  ['N', () => null],
  ['\x88', () => true],
  ['\x89', () => false],
  ['K', size1],
  ['M', (m) => size1(m) | (size1(m) << 8)],
  ['J', (m) => size4(m) | 0],
  ['\x8a', (m) => long(m, size1(m))],
  ['\x8b', (m) => long(m, size4(m))],
  ['G', float],
  ['\x8c', (m) => text(m, size1(m))],
  ['X', (m) => text(m, size4(m))],
  ['\x8d', (m) => text(m, size8(m))],
  ['U', (m) => text(m, size1(m))],
  ['T', (m) => text(m, size4(m))],
  ['C', (m) => take(m, size1(m))],
  ['B', (m) => take(m, size4(m))],
  ['\x8e', (m) => take(m, size8(m))],
  ['\x96', (m) => take(m, size8(m))],
  ['2', top],
  ['h', (m) => recall(m, size1(m))],
  ['j', (m) => recall(m, size4(m))],
])

/** The opcodes that push one new object. */
const objects = byOpcode<unknown>([
  [')', () => []],
  [']', () => []],
  ['}', () => new Map()],
  ['\x8f', () => new Set()],
  ['\x85', (m) => tuple(m, 1)],
  ['\x86', (m) => tuple(m, 2)],
  ['\x87', (m) => tuple(m, 3)],
  ['t', group],
  ['\x91', (m) => new Set(group(m))],
  ['c', (m) => findGlobal(m, [line(m), line(m)])],
  ['\x93', (m) => findGlobal(m, tuple(m, 2))],
  ['R', (m) => call(m, tuple(m, 2))],
  ['\x81', (m) => call(m, tuple(m, 2))],
  ['\x92', (m) => call(m, tuple(m, 3))],
  ['Q', (m) => m.host.persistent(pop(m))],
])

/** The opcodes that change an object on the stack. */
const changes = byOpcode<void>([
  ['\x80', (m) => checkProtocol(m, size1(m))],
  ['\x95', (m) => void size8(m)],
  ['(', (m) => void m.marks.push(m.stack.length)],
  ['0', (m) => void pop(m)],
  ['1', (m) => void group(m)],
  ['a', (m) => append(m, tuple(m, 1))],
  ['e', (m) => append(m, group(m))],
  ['s', (m) => setItems(m, tuple(m, 2))],
  ['u', (m) => setItems(m, group(m))],
  ['\x90', (m) => addItems(m, group(m))],
  ['b', build],
  ['q', (m) => void m.memo.set(size1(m), top(m))],
  ['r', (m) => void m.memo.set(size4(m), top(m))],
  ['\x94', (m) => void m.memo.set(m.memo.size, top(m))],
])

function checkProtocol(m: Machine, protocol: number): void {
  if (protocol < 2 || protocol > 5) throw broken(m, `is of protocol ${protocol}; 2 to 5 can be read`)
}
