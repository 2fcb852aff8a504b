/**
 * The leading eigenvectors of a large positive semi-definite matrix by subspace iteration with Rayleigh-Ritz
 * (Golub & Van Loan, 8.2.5). Gram matrices of sampled heads have rank little above 100, so a few rounds converge;
 * a full decomposition of 1,000 x 1,000 would take a minute.
 */
import { symmetricEigen } from '@likeness/core/geometry';
import { createRandom } from './random.ts';

export interface LeadingEigen {
  /** [count] descending. */
  readonly values: Float64Array;
  /** [count, n] unit rows. */
  readonly vectors: Float64Array;
}

const EXTRA = 20;
const MAX_ROUNDS = 60;
const TOLERANCE = 1e-10;

/** @param matrix [n, n] symmetric, positive semi-definite */
export function leadingEigenvectors(matrix: Float64Array, n: number, count: number): LeadingEigen {
  const size = Math.min(n, count + EXTRA);
  const random = createRandom(1);
  let basis = Float64Array.from({ length: size * n }, () => random.normal());
  orthonormalise(basis, size, n);
  let values = new Float64Array(size);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const image = multiply(basis, matrix, size, n);
    const small = new Float64Array(size * size);
    for (let a = 0; a < size; a++)
      for (let b = 0; b <= a; b++) {
        const value = dot(image, a * n, basis, b * n, n);
        small[a * size + b] = value;
        small[b * size + a] = value;
      }
    const ritz = symmetricEigen(small, size);
    let change = 0;
    for (let k = 0; k < count; k++)
      change = Math.max(change, Math.abs(ritz.values[k] - values[k]) / (ritz.values[0] || 1));
    values = Float64Array.from(ritz.values);
    const rotated = multiply(ritz.vectors, image, size, size, n);
    if (change < TOLERANCE) {
      basis = multiply(ritz.vectors, basis, size, size, n);
      break;
    }
    basis = rotated;
    orthonormalise(basis, size, n);
  }
  return { values: values.slice(0, count), vectors: basis.slice(0, count * n) };
}

/** [rows, inner] x [inner, columns]. */
function multiply(
  a: Float64Array,
  b: Float64Array,
  rows: number,
  inner: number,
  columns: number = inner,
): Float64Array<ArrayBuffer> {
  const out = new Float64Array(rows * columns);
  for (let r = 0; r < rows; r++)
    for (let i = 0; i < inner; i++) {
      const value = a[r * inner + i];
      if (value === 0) continue;
      for (let c = 0; c < columns; c++) out[r * columns + c] += value * b[i * columns + c];
    }
  return out;
}

function dot(a: Float64Array, aStart: number, b: Float64Array, bStart: number, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += a[aStart + i] * b[bStart + i];
  return sum;
}

/** Modified Gram-Schmidt, twice; a row that vanishes is replaced by zeros. */
function orthonormalise(rows: Float64Array, count: number, n: number): void {
  for (let k = 0; k < count; k++) {
    const before = Math.sqrt(dot(rows, k * n, rows, k * n, n));
    for (let pass = 0; pass < 2; pass++)
      for (let j = 0; j < k; j++) {
        const d = dot(rows, k * n, rows, j * n, n);
        for (let i = 0; i < n; i++) rows[k * n + i] -= d * rows[j * n + i];
      }
    const length = Math.sqrt(dot(rows, k * n, rows, k * n, n));
    const scale = length > 1e-12 * before && length > 0 ? 1 / length : 0;
    for (let i = 0; i < n; i++) rows[k * n + i] *= scale;
  }
}
