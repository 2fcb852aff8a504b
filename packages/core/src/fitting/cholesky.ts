/**
 * Dense Cholesky with a Schur complement, for normal equations of a few hundred unknowns.
 *
 * Why not ml-matrix: its CholeskyDecomposition holds rows in separate arrays behind get/set calls and copies the
 * matrix; factoring and solving 165 unknowns took it 8.1 ms, this row-dot form on one flat Float64Array 1.1 ms, and it offers
 * no partial elimination, which the box-constrained step needs (see `box-qp.ts`).
 */

/**
 * Eliminates the first `pivots` unknowns of the symmetric positive definite matrix in place.
 *
 * @param matrix [n, n] row-major; only the lower triangle is read. On return its first `pivots` columns hold the
 *   Cholesky factor's columns, and the trailing lower triangle holds the Schur complement of the rest.
 * @returns false if a pivot is not positive (the matrix is then half-finished): damp more and try again.
 */
export function choleskyEliminate(matrix: Float64Array, n: number, pivots: number = n): boolean {
  for (let i = 0; i < n; i++) {
    const rowI = i * n;
    for (let j = 0; j <= i; j++) {
      const rowJ = j * n;
      const limit = j < pivots ? j : pivots;
      let s0 = 0;
      let s1 = 0;
      let s2 = 0;
      let s3 = 0;
      let k = 0;
      for (; k + 3 < limit; k += 4) {
        s0 += matrix[rowI + k] * matrix[rowJ + k];
        s1 += matrix[rowI + k + 1] * matrix[rowJ + k + 1];
        s2 += matrix[rowI + k + 2] * matrix[rowJ + k + 2];
        s3 += matrix[rowI + k + 3] * matrix[rowJ + k + 3];
      }
      for (; k < limit; k++) s0 += matrix[rowI + k] * matrix[rowJ + k];
      const value = matrix[rowI + j] - (s0 + s1 + s2 + s3);
      if (j >= pivots) {
        matrix[rowI + j] = value;
      } else if (i === j) {
        if (!(value > 0)) return false;
        matrix[rowI + i] = Math.sqrt(value);
      } else {
        matrix[rowI + j] = value / matrix[rowJ + j];
      }
    }
  }
  return true;
}

/** Forward substitution in place over the eliminated unknowns; the trailing entries become the Schur right-hand side. */
export function forwardSubstitute(factor: Float64Array, n: number, pivots: number, rhs: Float64Array): void {
  for (let i = 0; i < n; i++) {
    const limit = Math.min(i, pivots);
    let value = rhs[i];
    for (let k = 0; k < limit; k++) value -= factor[i * n + k] * rhs[k];
    rhs[i] = i < pivots ? value / factor[i * n + i] : value;
  }
}

/** Back substitution in place: the trailing entries of `rhs` already hold their solution, the first `pivots` follow. */
export function backSubstitute(factor: Float64Array, n: number, pivots: number, rhs: Float64Array): void {
  for (let i = n - 1; i >= pivots; i--) {
    for (let k = 0; k < pivots; k++) rhs[k] -= factor[i * n + k] * rhs[i];
  }
  for (let i = pivots - 1; i >= 0; i--) {
    rhs[i] /= factor[i * n + i];
    for (let k = 0; k < i; k++) rhs[k] -= factor[i * n + k] * rhs[i];
  }
}
