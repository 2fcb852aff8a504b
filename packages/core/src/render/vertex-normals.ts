/**
 * Smooth normals inside a differentiable program, by the same rule as `vertexNormals` of geometry: the sum of the face normals around
 * a vertex, each as long as twice its triangle's area, then normalised.
 */
import { constant, mul, ShapeError, sub, type Tensor } from '@likeness/graph';
import { addPlanes, gatherPlanes } from './gather-planes.ts';
import { planesOf, rowsOf } from './planes.ts';
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
  const vertices = positions.shape[0];
  const corner = (k: number): Tensor =>
    constant(
      BigInt64Array.from({ length: count }, (_, i) => BigInt(triangles[i * 3 + k])),
      [count],
      'int64',
    );
  const ids = [0, 1, 2].map(corner);
  const [[ax, ay, az], [bx, by, bz], [cx, cy, cz]] = gatherPlanes(planesOf(positions), ids);
  const [ux, uy, uz] = [sub(bx, ax), sub(by, ay), sub(bz, az)];
  const [vx, vy, vz] = [sub(cx, ax), sub(cy, ay), sub(cz, az)];
  const normal = [
    sub(mul(uy, vz), mul(uz, vy)),
    sub(mul(uz, vx), mul(ux, vz)),
    sub(mul(ux, vy), mul(uy, vx)),
  ];
  // Each face's normal to its three corners.
  return unitPlanes(addPlanes(normal, ids, vertices));
}
