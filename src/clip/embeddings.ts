// Embeddings as vectors: check for NaN, mean, and unit length.

import { CheckpointError } from '../errors.ts'

/** The first that is NaN or infinite, in words; undefined if all are finite. */
export function brokenNumber(values: Float32Array): string | undefined {
  for (const x of values) if (!Number.isFinite(x)) return Number.isNaN(x) ? 'NaN' : 'infinity'
  return undefined
}

/** The mean of vectors of equal length. */
export function mean(rows: readonly Float32Array[]): Float32Array {
  if (rows.length === 1) return rows[0]!
  return Float32Array.from(rows[0]!, (_, i) => rows.reduce((sum, row) => sum + row[i]!, 0) / rows.length)
}

/**
 * A vector divided by its length.
 *
 * @throws CheckpointError for one of length zero, which has no direction, and for one that holds NaN or infinity
 */
export function unit(row: Float32Array): Float32Array {
  const length = Math.sqrt(row.reduce((sum, x) => sum + x * x, 0))
  if (length > 0 && Number.isFinite(length)) return row.map((x) => x / length)
  const found = length === 0 ? 'is zero in all its numbers' : `holds ${brokenNumber(row)}`
  throw new CheckpointError(
    `an embedding ${found} and has no direction, so it cannot be compared; the model's weights are broken, or its training went wrong`,
  )
}
