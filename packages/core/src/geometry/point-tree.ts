/**
 * The nearest of a set of points: a surface tree over triangles shrunk to single vertices, which the tree takes in its
 * stride. Protocols that compare with vertices instead of surfaces use it.
 */
import { createSurfaceTree } from './closest-point.ts';
import type { SurfaceTree } from './closest-point.ts';

/** @param points [N, 3]; the `triangles` of hits are indices of points. */
export function createPointTree(points: Float32Array | Float64Array): SurfaceTree {
  return createSurfaceTree(
    points,
    Uint32Array.from({ length: points.length }, (_, i) => (i / 3) | 0),
  );
}
