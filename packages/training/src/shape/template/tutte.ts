/**
 * A safe first flattening: Tutte's embedding (How to Draw a Graph, 1963) of a disc onto a convex outline. Any positive
 * symmetric weights give a map without flipped triangles; clamped cotangents keep it close to conformal.
 */
import { blockIndex, meshPattern, solveConjugateGradient } from './conjugate-gradient.ts';

const LEAST_WEIGHT = 0.05;
const MOST_WEIGHT = 20;

/**
 * @param p [n, 3] vertices in space
 * @param triangles [m, 3] of a disc (fill its holes first)
 * @param outline vertex -> place for every vertex of the boundary, on a convex curve
 * @returns [n, 2]
 */
export function tutteEmbedding(
  p: Float64Array,
  triangles: Int32Array,
  outline: ReadonlyMap<number, readonly [number, number]>,
): Float64Array {
  const n = p.length / 3;
  const { start, column } = meshPattern(n, triangles);
  const values = new Float64Array(column.length);
  const cotangents = new Float64Array(column.length);
  const edge = new Uint8Array(column.length);
  for (let t = 0; t < triangles.length; t += 3) {
    for (let k = 0; k < 3; k++) {
      const [a, b, c] = [triangles[t + k], triangles[t + ((k + 1) % 3)], triangles[t + ((k + 2) % 3)]];
      const u = [0, 1, 2].map((d) => p[3 * a + d] - p[3 * c + d]);
      const v = [0, 1, 2].map((d) => p[3 * b + d] - p[3 * c + d]);
      const dot = u[0] * v[0] + u[1] * v[1] + u[2] * v[2];
      const cross = Math.hypot(
        u[1] * v[2] - u[2] * v[1],
        u[2] * v[0] - u[0] * v[2],
        u[0] * v[1] - u[1] * v[0],
      );
      const cotangent = dot / Math.max(cross, 1e-12) / 2;
      for (const i of [blockIndex(start, column, a, b), blockIndex(start, column, b, a)]) {
        cotangents[i] += cotangent;
        edge[i] = 1;
      }
    }
  }
  for (let row = 0; row < n; row++) {
    let sum = 0;
    for (let i = start[row]; i < start[row + 1]; i++) {
      if (edge[i] === 0) continue;
      const weight = Math.min(MOST_WEIGHT, Math.max(LEAST_WEIGHT, cotangents[i]));
      values[i] = -weight;
      sum += weight;
    }
    values[blockIndex(start, column, row, row)] = sum;
  }
  const fixed = new Uint8Array(n);
  const result = new Float64Array(2 * n);
  for (const d of [0, 1]) {
    const x = new Float64Array(n);
    for (const [v, place] of outline) {
      fixed[v] = 1;
      x[v] = place[d];
    }
    solveConjugateGradient({ size: 1, start, column, values }, new Float64Array(n), x, fixed, {
      tolerance: 1e-12,
      maxIterations: 20_000,
    });
    for (let v = 0; v < n; v++) result[2 * v + d] = x[v];
  }
  return result;
}
