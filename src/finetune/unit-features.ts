// Normalised features (Figure 3 of the paper) with labels.

import { unit } from '../clip/clip.ts'
import { UsageError } from '../errors.ts'
import type { LabelledFeatures } from '../evaluate/embed-samples.ts'

/** Unit-length features with the class of each. */
export interface UnitFeatures {
  /** `[n, width]`, row-major, each row normalised. */
  x: Float32Array
  width: number
  /** `[n]`, class indices. */
  labels: Int32Array
}

/**
 * @param classes the classes that labels index, which may be in another order than the features' names
 * @throws UsageError for images of other classes
 */
export function unitFeatures(
  { features, width, names, labels }: LabelledFeatures,
  classes: readonly string[],
): UnitFeatures {
  const unknown = names.filter((name) => !classes.includes(name))
  if (unknown.length > 0) {
    const others = unknown.length > 5 ? ` and ${unknown.length - 5} more` : ''
    throw new UsageError(`classes without a training image: ${unknown.slice(0, 5).join(', ')}${others}`)
  }
  const indices = names.map((name) => classes.indexOf(name))
  return { x: unitRows(features, width), width, labels: labels.map((label) => indices[label]!) }
}

/** Normalises each row. */
export function unitRows(rows: Float32Array, width: number): Float32Array {
  const x = new Float32Array(rows.length)
  for (let i = 0; i < rows.length; i += width) x.set(unit(rows.subarray(i, i + width)), i)
  return x
}

/** A selection of rows. */
export function rowsAt({ x, width, labels }: UnitFeatures, rows: Uint32Array): UnitFeatures {
  const selected = new Float32Array(rows.length * width)
  for (const [i, row] of rows.entries()) selected.set(x.subarray(row * width, (row + 1) * width), i * width)
  return { x: selected, width, labels: Int32Array.from(rows, (row) => labels[row]!) }
}
