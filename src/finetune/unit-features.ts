// Normalised features (Figure 3 of the paper) with labels.

import { unit } from '../clip/embeddings.ts'
import { type Matrix, rowsOf, stackRows } from '../clip/matrix.ts'
import { UsageError } from '../errors.ts'
import type { LabelledFeatures } from '../evaluate/embed-samples.ts'
import { firstFive } from '../evaluate/labelled-data.ts'

/** Unit-length features with the class of each. */
export interface UnitFeatures {
  /** `[n, width]`, each row normalised. */
  features: Matrix
  /** `[n]`, class indices. */
  labels: Int32Array
}

/**
 * @param classes the classes that labels index, which may be in another order than the features' names
 * @throws UsageError for images of other classes
 */
export function unitFeatures(
  { features, names, labels }: Pick<LabelledFeatures, 'features' | 'names' | 'labels'>,
  classes: readonly string[],
): UnitFeatures {
  const unknown = names.filter((name) => !classes.includes(name))
  if (unknown.length > 0) throw new UsageError(`classes without a training image: ${firstFive(unknown)}`)
  const indices = names.map((name) => classes.indexOf(name))
  return { features: unitRows(features), labels: labels.map((label) => indices[label]!) }
}

/** Normalises each row. */
export const unitRows = (matrix: Matrix): Matrix => stackRows(rowsOf(matrix).map(unit), matrix.shape[1])
