/**
 * Dense Cholesky for the few unknowns of registration (a 7 x 7 step, the coarsest grid of the deformation solver).
 * The fit's own one (`fitting/cholesky.ts`) eliminates in part and stands above this folder.
 */

/**
 * Factors a symmetric positive definite matrix in place.
 *
 * @param matrix [n, n] row-major; only the lower triangle is read and written
 * @returns false if a pivot is not positive
 */
export function factorDense(matrix: Float64Array, n: number): boolean {
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let value = matrix[i * n + j];
      for (let k = 0; k < j; k++) value -= matrix[i * n + k] * matrix[j * n + k];
      if (i !== j) matrix[i * n + j] = value / matrix[j * n + j];
      else if (value > 0) matrix[i * n + i] = Math.sqrt(value);
      else return false;
    }
  return true;
}

/** Solves L L' x = rhs in place for `columns` right-hand sides stored [n, columns]. */
export function substituteDense(factor: Float64Array, n: number, rhs: Float64Array, columns = 1): void {
  for (let i = 0; i < n; i++)
    for (let c = 0; c < columns; c++) {
      let value = rhs[i * columns + c];
      for (let k = 0; k < i; k++) value -= factor[i * n + k] * rhs[k * columns + c];
      rhs[i * columns + c] = value / factor[i * n + i];
    }
  for (let i = n - 1; i >= 0; i--)
    for (let c = 0; c < columns; c++) {
      let value = rhs[i * columns + c];
      for (let k = i + 1; k < n; k++) value -= factor[k * n + i] * rhs[k * columns + c];
      rhs[i * columns + c] = value / factor[i * n + i];
    }
}

/** @returns x of matrix x = rhs, or undefined when the matrix is not positive definite; both inputs are overwritten. */
export function solveDense(matrix: Float64Array, rhs: Float64Array, n: number): Float64Array | undefined {
  if (!factorDense(matrix, n)) return undefined;
  substituteDense(matrix, n, rhs);
  return rhs;
}
