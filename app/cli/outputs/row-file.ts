// Rows of numbers to a .npy, .safetensors or .jsonl file, as they come: memory does not grow with their number.

import { extname } from 'node:path'
import { UsageError } from 'typeclip/errors'
import { counted, grouped } from '../shell/counted.ts'
import { createAtomicFile } from './atomic-file.ts'

/** What a row was made from. */
export type Origin = { path: string } | { text: string }
export type Row = Float32Array | Uint8Array

export interface RowFile {
  write(row: Row, origin: Origin): Promise<void>
  /** Puts the finished file, and the one that says which row is what, in their places. */
  commit(): Promise<void>
  /** `embeddings.npy: 71 × 512 float32`. */
  description(): string
  /** Leaves nothing behind, unless it was committed. */
  discard(): Promise<void>
}

interface Layout {
  dtype: 'float32' | 'uint8'
  /** Of one row. */
  shape: readonly number[]
}

/** A header says how many rows there are, which is known at the end: its place is kept free until then. */
interface Format {
  headerLength: number
  header(rows: number, layout: Layout): string
}

const formats: Readonly<Record<string, Format>> = {
  // https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
  '.npy': {
    headerLength: 128,
    header(rows, { dtype, shape }) {
      const descr = dtype === 'float32' ? '<f4' : '|u1'
      const dict = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${[rows, ...shape].join(', ')}), }`
      return `\x93NUMPY\x01\x00\x76\x00${dict.padEnd(117)}\n`
    },
  },
  // https://huggingface.co/docs/safetensors/index#format
  '.safetensors': {
    headerLength: 256,
    header(rows, { dtype, shape }) {
      const bytes = shape.reduce((product, side) => product * side, rows * (dtype === 'float32' ? 4 : 1))
      const tensor = { dtype: dtype === 'float32' ? 'F32' : 'U8', shape: [rows, ...shape], data_offsets: [0, bytes] }
      return `\xf8\0\0\0\0\0\0\0${JSON.stringify({ embeddings: tensor }).padEnd(248)}`
    },
  },
}

const endings = ['.npy', '.safetensors', '.jsonl'] as const

/**
 * The file's ending chooses the format.
 *
 * @param shape of a row, where that is more than its length
 * @throws UsageError for another ending than those allowed, or where no file can be written
 */
export async function createRowFile(
  path: string,
  { allowed = endings, shape }: { allowed?: readonly string[]; shape?: readonly number[] } = {},
): Promise<RowFile> {
  const ending = extname(path)
  if (!allowed.includes(ending)) {
    throw new UsageError(`--out ${path}: the name has to end in ${allowed.join(' or ')}, which chooses the format`)
  }
  const format = formats[ending]
  return format ? binaryFile(path, ending, format, shape) : jsonLinesFile(path)
}

async function jsonLinesFile(path: string): Promise<RowFile> {
  const file = await createAtomicFile(path)
  let [rows, width] = [0, 0]
  return {
    write(row, origin) {
      width = row.length
      rows++
      return file.handle.appendFile(`${JSON.stringify({ ...origin, embedding: Array.from(row) })}\n`)
    },
    commit: () => file.commit(),
    description: () => `${path}: ${counted(rows, 'line')} of ${grouped(width)} numbers`,
    discard: () => file.discard(),
  }
}

async function binaryFile(path: string, ending: string, format: Format, shape?: readonly number[]): Promise<RowFile> {
  const file = await createAtomicFile(path)
  const origins = await createAtomicFile(`${path.slice(0, -ending.length)}.rows.jsonl`).catch(async (error) => {
    await file.discard()
    throw error
  })
  await file.handle.appendFile(Buffer.alloc(format.headerLength))
  let layout: Layout | undefined
  let rows = 0
  return {
    async write(row, origin) {
      layout ??= { dtype: row instanceof Float32Array ? 'float32' : 'uint8', shape: shape ?? [row.length] }
      await file.handle.appendFile(new Uint8Array(row.buffer, row.byteOffset, row.byteLength))
      await origins.handle.appendFile(`${JSON.stringify({ row: rows++, ...origin })}\n`)
    },
    async commit() {
      if (!layout) return
      const header = Buffer.from(format.header(rows, layout), 'latin1')
      await file.handle.write(header, 0, header.length, 0)
      await origins.commit()
      await file.commit()
    },
    description: () => `${path}: ${[rows, ...(layout?.shape ?? [])].join(' × ')} ${layout?.dtype ?? ''}`.trimEnd(),
    async discard() {
      await file.discard()
      await origins.discard()
    },
  }
}
