// A matrix of float32 numbers: embeddings, features and scores. Functions on its rows; what they return shares its memory,
// unless they say that they copy.

/** Rows of numbers, row-major. */
export interface Matrix {
  /** One row after the other. */
  data: Float32Array
  shape: [rows: number, columns: number]
}

/** Row `i`. */
export const rowOf = ({ data, shape: [, columns] }: Matrix, i: number): Float32Array =>
  data.subarray(i * columns, (i + 1) * columns)

/** Every row. */
export const rowsOf = (matrix: Matrix): Float32Array[] =>
  Array.from({ length: matrix.shape[0] }, (_, i) => rowOf(matrix, i))

/** Rows `from` to `to`, exclusive; fewer at the end of the matrix. */
export function rowRange({ data, shape: [rows, columns] }: Matrix, from: number, to: number): Matrix {
  const end = Math.min(to, rows)
  return { data: data.subarray(from * columns, end * columns), shape: [end - from, columns] }
}

/** The rows at some indices, copied. */
export const gatherRows = (matrix: Matrix, indices: Iterable<number>): Matrix =>
  stackRows(
    Array.from(indices, (i) => rowOf(matrix, i)),
    matrix.shape[1],
  )

/** A copy of rows of equal length, one below the other. */
export function stackRows(rows: readonly Float32Array[], columns: number): Matrix {
  const data = new Float32Array(rows.length * columns)
  for (const [i, row] of rows.entries()) data.set(row, i * columns)
  return { data, shape: [rows.length, columns] }
}

/** Numbers as rows. */
export const inRows = (data: Float32Array, columns: number): Matrix => ({
  data,
  shape: [data.length / columns, columns],
})

/** A program's output `[rows, …]`. */
export const matrixOf = ({ dims, data }: { dims: readonly number[]; data: unknown }): Matrix =>
  inRows(data as Float32Array, (data as Float32Array).length / dims[0]!)

/** `start + a · b` */
export function dot(a: Float32Array, b: Float32Array, start = 0): number {
  let sum = start
  for (let c = 0; c < a.length; c++) sum += a[c]! * b[c]!
  return sum
}
