// Tar archives (POSIX ustar, pax and GNU names) as a stream of members, also of a torn archive up to the tear.

/** Bytes in order; a body that is not needed is skipped, not read. */
export interface ByteStream {
  /** The next `count` bytes, fewer at the end. */
  read(count: number): Promise<Uint8Array>
  /** How many of `count` bytes were there to be skipped. */
  skip(count: number): Promise<number>
  close(): Promise<void>
}

export interface Member {
  name: string
  size: number
  /** Undefined if it was not wanted. */
  data?: Uint8Array | undefined
}

/** The archive ends in the middle, or a header is damaged. Members yielded before are complete. */
export class TornError extends Error {
  override name = 'TornError'
}

const block = 512
/** Types of member: `0`, NUL and `7` are files. */
const files = new Set(['0', '\0', '7'])
/** Longer names and attributes are not read, so that a damaged size takes no memory. */
const longestName = 1 << 20

/**
 * The regular files of an archive in order.
 *
 * @param wanted whose bodies are read
 * @throws TornError
 */
export async function* members(stream: ByteStream, wanted: (name: string) => boolean): AsyncGenerator<Member> {
  let longName: string | undefined
  let attributes: Record<string, string> = {}
  for (let at = 0, first = true; ; first = false) {
    const bytes = await stream.read(block)
    if (bytes.length === 0 && !first) return // some writers leave the two empty blocks out
    if (bytes.length < block) throw torn(at, first ? 'too short for a tar archive' : 'it ends within a header')
    if (bytes.every((byte) => byte === 0)) return
    const header = readHeader(bytes, at)
    const { type } = header
    const size = attributes.size === undefined || !files.has(type) ? header.size : Number(attributes.size)
    const padded = Math.ceil(size / block) * block
    const describes = type === 'x' || type === 'g' || type === 'L' || type === 'K'
    if (describes && size > longestName) throw torn(at, `a name of ${size} bytes`)
    const name = attributes.path ?? longName ?? header.name
    const body = describes || (files.has(type) && wanted(name))
    const data = body ? await stream.read(size) : undefined
    const had = data ? data.length + (await stream.skip(padded - data.length)) : await stream.skip(padded)
    if (had < padded) throw torn(at, `it ends within "${name}"`)
    at += block + padded
    if (type === 'L') longName = text(data!, 0, size)
    else if (type === 'x') attributes = paxAttributes(data!)
    else if (!describes) {
      if (files.has(type)) yield { name, size, data }
      longName = undefined
      attributes = {}
    }
  }
}

function torn(at: number, what: string): TornError {
  return new TornError(`torn at byte ${at}: ${what}`)
}

function readHeader(bytes: Uint8Array, at: number): { name: string; size: number; type: string } {
  const sum = bytes.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0)
  const size = number(bytes, 124, 12)
  if (number(bytes, 148, 8) !== sum || !Number.isSafeInteger(size) || size < 0) {
    const gzip = at === 0 && bytes[0] === 0x1f && bytes[1] === 0x8b
    throw torn(
      at,
      gzip ? 'it is compressed; unpack it with gunzip' : at === 0 ? 'not a tar archive' : 'no header there',
    )
  }
  const prefix = text(bytes, 257, 6) === 'ustar' ? text(bytes, 345, 155) : ''
  const name = text(bytes, 0, 100)
  return { name: prefix === '' ? name : `${prefix}/${name}`, size, type: String.fromCharCode(bytes[156]!) }
}

function text(bytes: Uint8Array, from: number, length: number): string {
  const field = bytes.subarray(from, from + length)
  const end = field.indexOf(0)
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end))
}

/** Octal digits; or, with the first bit set, bytes of a big-endian number (GNU). */
function number(bytes: Uint8Array, from: number, length: number): number {
  if (bytes[from]! & 0x80) {
    return bytes.subarray(from + 1, from + length).reduce((value, byte) => value * 256 + byte, bytes[from]! & 0x7f)
  }
  const digits = text(bytes, from, length).trim()
  return /^[0-7]*$/.test(digits) ? Number.parseInt(digits || '0', 8) : Number.NaN
}

/** Records of `length key=value\n`, the length counting its own bytes too. */
function paxAttributes(data: Uint8Array): Record<string, string> {
  const attributes: Record<string, string> = {}
  for (let at = 0; at < data.length; ) {
    const space = data.indexOf(32, at)
    const length = space < 0 ? Number.NaN : Number(text(data, at, space - at))
    if (!(length > space - at)) break
    const record = new TextDecoder().decode(data.subarray(space + 1, at + length - 1))
    const equals = record.indexOf('=')
    if (equals > 0) attributes[record.slice(0, equals)] = record.slice(equals + 1)
    at += length
  }
  return attributes
}
