/**
 * The two local operations the remesher and the sliver cleaner share: flipping an inner edge, and the point in the
 * middle of an edge on the surface or on the curve the edge belongs to.
 */
import { boundaryPoint } from './boundary-curve.ts';
import type { EditableMesh } from './editable-mesh.ts';
import { walkToClosest } from './surface-point.ts';
import type { SurfacePoint } from './surface-point.ts';

export interface EdgePair {
  readonly first: number;
  readonly second: number;
  readonly c: number;
  readonly d: number;
}

/** The two triangles of an inner edge whose flip is topologically allowed. */
export function flippable(mesh: EditableMesh, a: number, b: number): EdgePair | null {
  const shared = mesh.trianglesOf(a, b);
  if (shared.length !== 2) return null;
  const first = mesh.isDirected(shared[0], a, b) ? shared[0] : shared[1];
  const second = first === shared[0] ? shared[1] : shared[0];
  const c = mesh.opposite(first, a, b);
  const d = mesh.opposite(second, a, b);
  // An inner edge between two boundary vertices would fold onto its mirror image.
  if (mesh.boundary[c] === 1 && mesh.boundary[d] === 1) return null;
  if (mesh.curveOfEdge(a, b) >= 0) return null;
  return mesh.trianglesOf(c, d).length > 0 ? null : { first, second, c, d };
}

/** Replaces edge (a, b) by (c, d). */
export function flip(mesh: EditableMesh, a: number, b: number, { first, second, c, d }: EdgePair): void {
  mesh.removeTriangle(first);
  mesh.removeTriangle(second);
  mesh.addTriangle(a, d, c);
  mesh.addTriangle(d, b, c);
}

export interface CurvePoint {
  readonly point: SurfacePoint;
  readonly curve: number;
  readonly at: number;
}

/** Middle of an edge on the surface; on the curve when the edge is part of one. */
export function curvePoint(mesh: EditableMesh, a: number, b: number): CurvePoint {
  const curve = mesh.curveOfEdge(a, b);
  if (curve >= 0) {
    const at = (mesh.curveParameter(a, curve) + mesh.curveParameter(b, curve)) / 2;
    return { point: boundaryPoint(mesh.surface, curve, at), curve, at };
  }
  const [p, q] = [mesh.points[a], mesh.points[b]];
  const point = walkToClosest(mesh.surface, p.triangle, (p.x + q.x) / 2, (p.y + q.y) / 2, (p.z + q.z) / 2);
  return { point, curve: -1, at: 0 };
}
