// Rows of numbers to a .npy, .safetensors or .jsonl file, one by one: memory does not grow with their number.

import { extname } from 'node:path'
import { UsageError } from 'typeclip/errors'
import { counted, grouped } from '../shell/counted.ts'
import { createAtomicFile } from './atomic-file.ts'

/** The input of a row. */
export type Origin = { path: string } | { text: string }
export type Row = Float32Array | Uint8Array

export interface RowFile {
  write(row: Row, origin: Origin): Promise<void>
  /** Moves the finished file, and the one that names the input of each row, to their paths. */
  commit(): Promise<void>
  /** `embeddings.npy: 71 × 512 float32`. */
  description(): string
  /** Deletes what was written; does nothing after `commit`. */
  discard(): Promise<void>
}

interface Layout {
  dtype: 'float32' | 'uint8'
  /** The shape of one row. */
  shape: readonly number[]
}

/** The header holds the number of rows, which is known at the end: its bytes are reserved until then. */
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

const extensions = ['.npy', '.safetensors', '.jsonl'] as const

/**
 * The extension of the file selects the format.
 *
 * @param shape of a row, if it has more than one dimension
 * @throws UsageError for an extension that is not allowed, or a file that cannot be written
 */
export async function createRowFile(
  path: string,
  { allowed = extensions, shape }: { allowed?: readonly string[]; shape?: readonly number[] } = {},
): Promise<RowFile> {
  const extension = extname(path)
  if (!allowed.includes(extension)) {
    throw new UsageError(`--out ${path}: the name has to end in ${allowed.join(' or ')}, which selects the format`)
  }
  const format = formats[extension]
  return format ? binaryFile(path, extension, format, shape) : jsonLinesFile(path)
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

async function binaryFile(
  path: string,
  extension: string,
  format: Format,
  shape?: readonly number[],
): Promise<RowFile> {
  const file = await createAtomicFile(path)
  const origins = await createAtomicFile(`${path.slice(0, -extension.length)}.rows.jsonl`).catch(async (error) => {
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
