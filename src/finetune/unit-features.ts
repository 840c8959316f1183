// Features as cosines take them (Figure 3 of the paper): each picture's embedding of unit length, with its class.

import { UsageError } from '../errors.ts'
import type { LabelledFeatures } from '../evaluate/embed-samples.ts'
import { unit } from '../load.ts'

/** Unit-length features with the class of each. */
export interface UnitFeatures {
  /** `[n, width]`, row-major, each row of unit length. */
  x: Float32Array
  width: number
  /** `[n]`, places in the classes. */
  labels: Int32Array
}

/**
 * @param classes the order that labels are places in, which may be another than that of the features' own names
 * @throws UsageError for pictures of a class that is not among them
 */
export function unitFeatures(found: LabelledFeatures, classes: readonly string[]): UnitFeatures {
  const { features, width, names } = found
  const unknown = names.filter((name) => !classes.includes(name))
  if (unknown.length > 0) {
    const others = unknown.length > 5 ? ` and ${unknown.length - 5} more` : ''
    throw new UsageError(`classes without a picture to learn from: ${unknown.slice(0, 5).join(', ')}${others}`)
  }
  const places = names.map((name) => classes.indexOf(name))
  return { x: unitRows(features, width), width, labels: found.labels.map((label) => places[label]!) }
}

/** Each row divided by its length. */
export function unitRows(rows: Float32Array, width: number): Float32Array {
  const x = new Float32Array(rows.length)
  for (let i = 0; i < rows.length; i += width) x.set(unit(rows.subarray(i, i + width)), i)
  return x
}

/** Some of the rows. */
export function rowsAt({ x, width, labels }: UnitFeatures, rows: Uint32Array): UnitFeatures {
  const chosen = new Float32Array(rows.length * width)
  for (const [i, row] of rows.entries()) chosen.set(x.subarray(row * width, (row + 1) * width), i * width)
  return { x: chosen, width, labels: Int32Array.from(rows, (row) => labels[row]!) }
}
