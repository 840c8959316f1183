// The inverse of a symmetric positive definite matrix, by Cholesky decomposition.

/**
 * @param a `[n, n]`, row-major; its lower triangle is read
 * @returns the inverse, `[n, n]`; undefined if `a` is not positive definite within rounding
 */
export function inverse(a: Float64Array, n: number): Float64Array | undefined {
  const l = cholesky(a, n)
  if (!l) return undefined
  // M = L⁻¹, row by row: row i is (eᵢ − Σ_{k<i} L_ik row k) / L_ii.
  const m = new Float64Array(n * n)
  for (let i = 0; i < n; i++) {
    const row = m.subarray(i * n, (i + 1) * n)
    row[i] = 1
    for (let k = 0; k < i; k++) {
      const factor = l[i * n + k]!
      const other = m.subarray(k * n, k * n + k + 1)
      for (let j = 0; j <= k; j++) row[j]! -= factor * other[j]!
    }
    const scale = 1 / l[i * n + i]!
    for (let j = 0; j <= i; j++) row[j]! *= scale
  }
  // A⁻¹ = Mᵀ M, as a sum of outer products of the rows of M.
  const result = new Float64Array(n * n)
  for (let k = 0; k < n; k++) {
    const row = m.subarray(k * n, k * n + k + 1)
    for (let i = 0; i <= k; i++) {
      const factor = row[i]!
      const out = result.subarray(i * n, i * n + i + 1)
      for (let j = 0; j <= i; j++) out[j]! += factor * row[j]!
    }
  }
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) result[j * n + i] = result[i * n + j]!
  return result
}

/** The lower triangle `L` with `A = L Lᵀ`. */
function cholesky(a: Float64Array, n: number): Float64Array | undefined {
  const l = new Float64Array(n * n)
  for (let i = 0; i < n; i++) {
    const rowI = l.subarray(i * n, i * n + n)
    for (let j = 0; j <= i; j++) {
      const rowJ = l.subarray(j * n, j * n + j)
      let sum = a[i * n + j]!
      for (let k = 0; k < j; k++) sum -= rowI[k]! * rowJ[k]!
      if (i > j) rowI[j] = sum / l[j * n + j]!
      else if (sum > 1e-12 * a[i * n + i]!) rowI[i] = Math.sqrt(sum)
      else return undefined
    }
  }
  return l
}
