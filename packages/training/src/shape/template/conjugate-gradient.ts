/**
 * Conjugate gradients for the two symmetric systems of the chart: scalar (Tutte) and 2 x 2 blocks (Newton). The
 * matrices hold a few thousand rows and change every step, so a factorisation would cost more than it saves.
 */

/** Symmetric positive (semi-)definite block matrix: row r's blocks are `start[r] .. start[r + 1]`, `size`^2 numbers each. */
export interface BlockMatrix {
  readonly size: 1 | 2;
  readonly start: Int32Array;
  readonly column: Int32Array;
  readonly values: Float64Array;
}

export interface ConjugateGradientOptions {
  readonly tolerance: number;
  readonly maxIterations: number;
}

/** Solves A x = b, starting from x as given; entries with `fixed` stay. Preconditioned by the diagonal. */
export function solveConjugateGradient(
  matrix: BlockMatrix,
  b: Float64Array,
  x: Float64Array,
  fixed: Uint8Array,
  { tolerance, maxIterations }: ConjugateGradientOptions,
): void {
  const n = b.length;
  const inverseDiagonal = new Float64Array(n);
  const { size, start, column, values } = matrix;
  for (let row = 0; row + 1 < start.length; row++) {
    for (let i = start[row]; i < start[row + 1]; i++) {
      if (column[i] !== row) continue;
      for (let d = 0; d < size; d++)
        inverseDiagonal[size * row + d] = 1 / (values[size * size * i + (size + 1) * d] || 1);
    }
  }
  const r = new Float64Array(n);
  const z = new Float64Array(n);
  const q = new Float64Array(n);
  multiply(matrix, x, q);
  let rz = 0;
  for (let i = 0; i < n; i++) {
    r[i] = fixed[i] === 1 ? 0 : b[i] - q[i];
    z[i] = r[i] * inverseDiagonal[i];
    rz += r[i] * z[i];
  }
  const p = z.slice();
  const stop = rz * tolerance * tolerance;
  for (let iteration = 0; iteration < maxIterations && rz > stop && rz > 0; iteration++) {
    multiply(matrix, p, q);
    let pq = 0;
    for (let i = 0; i < n; i++) pq += p[i] * q[i];
    if (!(pq > 0)) return;
    const alpha = rz / pq;
    let next = 0;
    for (let i = 0; i < n; i++) {
      if (fixed[i] === 1) continue;
      x[i] += alpha * p[i];
      r[i] -= alpha * q[i];
      z[i] = r[i] * inverseDiagonal[i];
      next += r[i] * z[i];
    }
    const beta = next / rz;
    rz = next;
    for (let i = 0; i < n; i++) p[i] = fixed[i] === 1 ? 0 : z[i] + beta * p[i];
  }
}

function multiply({ size, start, column, values }: BlockMatrix, x: Float64Array, y: Float64Array): void {
  for (let row = 0; row + 1 < start.length; row++) {
    if (size === 1) {
      let sum = 0;
      for (let i = start[row]; i < start[row + 1]; i++) sum += values[i] * x[column[i]];
      y[row] = sum;
      continue;
    }
    let [s0, s1] = [0, 0];
    for (let i = start[row]; i < start[row + 1]; i++) {
      const [x0, x1] = [x[2 * column[i]], x[2 * column[i] + 1]];
      s0 += values[4 * i] * x0 + values[4 * i + 1] * x1;
      s1 += values[4 * i + 2] * x0 + values[4 * i + 3] * x1;
    }
    y[2 * row] = s0;
    y[2 * row + 1] = s1;
  }
}

/** Sparsity of a mesh's matrix: each vertex's row holds itself and its neighbours, ascending. */
export function meshPattern(
  vertexCount: number,
  triangles: ArrayLike<number>,
): { start: Int32Array; column: Int32Array } {
  const rows: Set<number>[] = Array.from({ length: vertexCount }, (_, v) => new Set([v]));
  for (let t = 0; t < triangles.length; t += 3) {
    for (let k = 0; k < 3; k++) {
      rows[triangles[t + k]].add(triangles[t + ((k + 1) % 3)]);
      rows[triangles[t + k]].add(triangles[t + ((k + 2) % 3)]);
    }
  }
  const start = new Int32Array(vertexCount + 1);
  const column: number[] = [];
  rows.forEach((row, v) => {
    column.push(...[...row].sort((a, b) => a - b));
    start[v + 1] = column.length;
  });
  return { start, column: Int32Array.from(column) };
}

/** Index of the block (row, column) in a pattern. */
export function blockIndex(start: Int32Array, column: Int32Array, row: number, col: number): number {
  for (let i = start[row]; i < start[row + 1]; i++) if (column[i] === col) return i;
  throw new RangeError(`The pattern holds no block (${row}, ${col}).`);
}
