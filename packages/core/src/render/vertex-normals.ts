/**
 * Smooth normals inside a differentiable program, by the same rule as `vertexNormals` of geometry: the sum of the face normals around
 * a vertex, each as long as twice its triangle's area, then normalised.
 */
import {
  concat,
  constant,
  gather,
  mul,
  reshape,
  scatterAdd,
  ShapeError,
  sliceAxis,
  sub,
  transpose,
  zeros,
  type Tensor,
} from '@likeness/graph';
import { unitColumns } from './unit-columns.ts';

/**
 * @param positions [V, 3]
 * @param triangles [T, 3] counter-clockwise from outside
 * @returns [V, 3] unit normals; zero (and without gradient) where a vertex has no triangle of positive area
 */
export function smoothNormals(positions: Tensor, triangles: Uint32Array): Tensor {
  if (positions.rank !== 2 || positions.shape[1] !== 3)
    throw new ShapeError(`smoothNormals: expected positions [V,3], received [${positions.shape.join(',')}]`);
  return transpose(unitColumns(transpose(normalSums(positions, triangles))));
}

/** The sums before they are normalised, [V, 3]: for those who normalise after interpolation anyway. */
export function normalSums(positions: Tensor, triangles: Uint32Array): Tensor {
  const count = triangles.length / 3;
  // Corner by corner: all first corners, then all second, then all third.
  const byCorner = BigInt64Array.from(triangles, (_, i) =>
    BigInt(triangles[(i % count) * 3 + Math.floor(i / count)]),
  );
  const ids = constant(byCorner, [3 * count], 'int64');
  const planes = transpose(gather(positions, ids));
  const [a, b, c] = [0, 1, 2].map((k) => sliceAxis(planes, 1, k * count, (k + 1) * count));
  const normal = transpose(crossPlanes(sub(b, a), sub(c, a)));
  const rows = reshape(concat([normal, normal, normal], 0), [3 * count, 3]);
  return scatterAdd(zeros(positions.shape, positions.dtype), ids, rows);
}

/** Cross products of the columns of two [3, N]. */
function crossPlanes(p: Tensor, q: Tensor): Tensor {
  const [px, py, pz] = [0, 1, 2].map((axis) => sliceAxis(p, 0, axis, axis + 1));
  const [qx, qy, qz] = [0, 1, 2].map((axis) => sliceAxis(q, 0, axis, axis + 1));
  return concat(
    [sub(mul(py, qz), mul(pz, qy)), sub(mul(pz, qx), mul(px, qz)), sub(mul(px, qy), mul(py, qx))],
    0,
  );
}
