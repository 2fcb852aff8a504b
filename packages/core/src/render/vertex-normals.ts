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
  sub,
  transpose,
  zeros,
  type Tensor,
} from '@likeness/graph';
import { planesOf, rowsOf, splitPlanes } from './planes.ts';
import { unitPlanes } from './unit-planes.ts';

/**
 * @param positions [V, 3]
 * @param triangles [T, 3] counter-clockwise from outside
 * @returns [V, 3] unit normals; zero where a vertex has no triangle of positive area
 */
export function smoothNormals(positions: Tensor, triangles: Uint32Array): Tensor {
  return rowsOf(normalPlanes(positions, triangles));
}

/** x, y, z of the unit normals, each [V]. */
export function normalPlanes(positions: Tensor, triangles: Uint32Array): readonly Tensor[] {
  if (positions.rank !== 2 || positions.shape[1] !== 3)
    throw new ShapeError(`smoothNormals: expected positions [V,3], received [${positions.shape.join(',')}]`);
  const count = triangles.length / 3;
  // All first corners, then all second, then all third.
  const byCorner = BigInt64Array.from(triangles, (_, i) =>
    BigInt(triangles[(i % count) * 3 + Math.floor(i / count)]),
  );
  const ids = constant(byCorner, [3 * count], 'int64');
  const corners = reshape(transpose(gather(positions, ids)), [9, count]);
  const [ax, bx, cx, ay, by, cy, az, bz, cz] = splitPlanes(corners);
  const [ux, uy, uz] = [sub(bx, ax), sub(by, ay), sub(bz, az)];
  const [vx, vy, vz] = [sub(cx, ax), sub(cy, ay), sub(cz, az)];
  const normal = [
    sub(mul(uy, vz), mul(uz, vy)),
    sub(mul(uz, vx), mul(ux, vz)),
    sub(mul(ux, vy), mul(uy, vx)),
  ];
  // Each face's normal to its three corners.
  const rows = transpose(
    reshape(
      concat(
        normal.flatMap((n) => [n, n, n]),
        0,
      ),
      [3, 3 * count],
    ),
  );
  return unitPlanes(planesOf(scatterAdd(zeros(positions.shape, positions.dtype), ids, rows)));
}
