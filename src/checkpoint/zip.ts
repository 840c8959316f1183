// The directory of a zip archive: where each entry is. Nothing is unpacked; weights are used in place.
// https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT §4.3

import { CheckpointError } from '../errors.ts'
import { type ByteSource, inside, readRange } from './byte-source.ts'

export interface ZipEntry {
  name: string
  /** 0: stored without compression. */
  method: number
  encrypted: boolean
  /** Size of the entry in the archive, in bytes. */
  size: number
  /** Offset of its local header; the bytes follow it. */
  header: number
}

const endLength = 22
const maxCommentBytes = 0xffff
const maxDirectoryBytes = 64 << 20
const localHeaderLength = 30

/** Reads the directory at the end of the archive. */
export async function readZipDirectory(source: ByteSource): Promise<Map<string, ZipEntry>> {
  const { count, size, offset } = await findDirectory(source)
  if (size > maxDirectoryBytes) {
    throw new CheckpointError(`${source.path}: the zip directory claims ${size} bytes, more than any checkpoint's`)
  }
  const bytes = await readRange(source, offset, size, 'the zip directory')
  const entries = new Map<string, ZipEntry>()
  let at = 0
  for (let i = 0; i < count; i++) {
    const { entry, length } = readEntry(bytes.subarray(at), source.path)
    if (entries.has(entry.name)) throw new CheckpointError(`${source.path}: two zip entries are called '${entry.name}'`)
    entries.set(entry.name, entry)
    at += length
  }
  refuseOverlaps([...entries.values()], offset, source.path)
  return entries
}

/** The end record, and the 64-bit one that large archives put before it. */
async function findDirectory(source: ByteSource): Promise<{ count: number; size: number; offset: number }> {
  const tailStart = Math.max(0, source.size - endLength - maxCommentBytes)
  const tail = await source.read(tailStart, source.size - tailStart)
  const view = viewOf(tail)
  let end = tail.length - endLength
  while (end >= 0 && view.getUint32(end, true) !== 0x06054b50) end--
  if (end < 0) {
    throw new CheckpointError(
      `${source.path}: the zip archive has no directory at its end; it is cut short, fetch it again`,
    )
  }
  if (end >= 20 && view.getUint32(end - 20, true) === 0x07064b50) {
    const record = viewOf(await readRange(source, u64(view, end - 12), 56, 'the zip64 end record'))
    if (record.getUint32(0, true) !== 0x06064b50)
      throw new CheckpointError(`${source.path}: the zip64 end record is damaged`)
    return { count: u64(record, 32), size: u64(record, 40), offset: u64(record, 48) }
  }
  const count = view.getUint16(end + 10, true)
  return { count, size: view.getUint32(end + 12, true), offset: view.getUint32(end + 16, true) }
}

function readEntry(bytes: Uint8Array, path: string): { entry: ZipEntry; length: number } {
  const view = viewOf(bytes)
  if (bytes.length < 46 || view.getUint32(0, true) !== 0x02014b50) {
    throw new CheckpointError(`${path}: the zip directory is damaged; fetch the file again`)
  }
  const nameLength = view.getUint16(28, true)
  const extraLength = view.getUint16(30, true)
  const length = 46 + nameLength + extraLength + view.getUint16(32, true)
  if (length > bytes.length) throw new CheckpointError(`${path}: the zip directory is cut short; fetch the file again`)

  const entry: ZipEntry = {
    name: new TextDecoder().decode(bytes.subarray(46, 46 + nameLength)),
    method: view.getUint16(10, true),
    encrypted: (view.getUint16(8, true) & 1) === 1,
    size: view.getUint32(20, true),
    header: view.getUint32(42, true),
  }
  widen(entry, view.getUint32(24, true), bytes.subarray(46 + nameLength, 46 + nameLength + extraLength), path)
  return { entry, length }
}

/** Sizes and offsets beyond 4 GiB are in the zip64 extra field, in a fixed order, if their 32-bit field is all ones. */
function widen(entry: ZipEntry, unpackedSize: number, extra: Uint8Array, path: string): void {
  const all = 0xffffffff
  if (unpackedSize !== all && entry.size !== all && entry.header !== all) return
  const view = viewOf(extra)
  for (let at = 0; at + 4 <= extra.length; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== 1) continue
    const end = at + 4 + view.getUint16(at + 2, true)
    let next = at + 4
    const take = () => {
      if (next + 8 > Math.min(end, extra.length))
        throw new CheckpointError(`${path}: the zip64 sizes of '${entry.name}' are cut short`)
      next += 8
      return u64(view, next - 8)
    }
    if (unpackedSize === all) take()
    if (entry.size === all) entry.size = take()
    if (entry.header === all) entry.header = take()
    return
  }
  throw new CheckpointError(`${path}: zip entry '${entry.name}' lacks its zip64 sizes`)
}

/** Refuses entries that share bytes: zip bombs do, no archiver does. */
function refuseOverlaps(entries: ZipEntry[], directory: number, path: string): void {
  let end = 0
  for (const { name, size, header } of entries.sort((a, b) => a.header - b.header)) {
    if (header < end || !inside(header, localHeaderLength + size, directory)) {
      throw new CheckpointError(`${path}: zip entry '${name}' overlaps another or is outside the archive`)
    }
    end = header + localHeaderLength + size
  }
}

/** Where a stored entry's bytes begin. PyTorch pads the local header, so it has to be read. */
export async function storedAt(source: ByteSource, entry: ZipEntry): Promise<number> {
  if (entry.method !== 0 || entry.encrypted) {
    throw new CheckpointError(
      `${source.path}: zip entry '${entry.name}' is ${entry.encrypted ? 'encrypted' : 'compressed'}, so its weights cannot be used in place; save the checkpoint again with torch.save, which stores them as they are`,
    )
  }
  const header = viewOf(
    await readRange(source, entry.header, localHeaderLength, `the header of zip entry '${entry.name}'`),
  )
  if (header.getUint32(0, true) !== 0x04034b50) {
    throw new CheckpointError(`${source.path}: the header of zip entry '${entry.name}' is damaged`)
  }
  const start = entry.header + localHeaderLength + header.getUint16(26, true) + header.getUint16(28, true)
  if (!inside(start, entry.size, source.size)) {
    throw new CheckpointError(
      `${source.path}: zip entry '${entry.name}' ends after the end of the file; fetch it again`,
    )
  }
  return start
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
const u64 = (view: DataView, at: number): number => Number(view.getBigUint64(at, true))
