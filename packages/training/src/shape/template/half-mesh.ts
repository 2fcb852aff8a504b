/**
 * The remeshed half as plain arrays: vertices renumbered, boundary vertices in order along their curves, and the
 * binding of every vertex to one source triangle.
 */
import type { EditableMesh } from './editable-mesh.ts';
import type { HalfSurface } from './half-surface.ts';
import type { CurveName } from './surface-curves.ts';
import type { SurfacePoint } from './surface-point.ts';
import type { SourceBinding } from './types.ts';

export interface HalfMesh {
  readonly vertexCount: number;
  /** [n, 3] mm, source coordinates, on the symmetrised mean. */
  readonly positions: Float64Array;
  /** [m, 3] counter-clockwise from outside. */
  readonly triangles: Int32Array;
  /** [n] 1 on the midline x = 0. */
  readonly onMidline: Uint8Array;
  /** Vertices along each boundary curve and crease, both ends included, in the boundary's direction. */
  readonly curves: Readonly<Record<CurveName, Int32Array>>;
  /** Bound to source vertices of the left half. */
  readonly binding: SourceBinding;
  /** [n] share of the source's face region at each vertex. */
  readonly face: Float64Array;
}

/** Extracts the half mesh from the edited one. */
export function extractHalfMesh(mesh: EditableMesh, faceVertexCount: number): HalfMesh {
  const { surface } = mesh;
  const order: number[] = [];
  const number = new Map<number, number>();
  const triangles: number[] = [];
  for (const v of mesh.triangles) {
    if (v < 0) continue;
    let id = number.get(v);
    if (id === undefined) {
      id = order.length;
      number.set(v, id);
      order.push(v);
    }
    triangles.push(id);
  }
  const n = order.length;
  const positions = new Float64Array(3 * n);
  const corners = new Uint32Array(3 * n);
  const weights = new Float32Array(3 * n);
  const face = new Float64Array(n);
  order.forEach((old, v) => {
    const point = mesh.points[old];
    const bound = bind(surface, point);
    corners.set(bound.corners, 3 * v);
    weights.set(bound.weights, 3 * v);
    for (let k = 0; k < 3; k++) {
      for (let d = 0; d < 3; d++)
        positions[3 * v + d] += bound.weights[k] * surface.symmetricMean[3 * bound.corners[k] + d];
      if (bound.corners[k] < faceVertexCount) face[v] += bound.weights[k];
    }
  });
  const curves = boundaryChains(mesh, number);
  const onMidline = new Uint8Array(n);
  for (const name of ['midline_front', 'midline_back'] as const) {
    for (const v of curves[name]) {
      onMidline[v] = 1;
      positions[3 * v] = 0;
    }
  }
  return {
    vertexCount: n,
    positions,
    triangles: Int32Array.from(triangles),
    onMidline,
    curves,
    binding: { corners, weights },
    face,
  };
}

/** Source triangle and barycentric coordinates of a surface point (exact sum 1 up to rounding). */
function bind(surface: HalfSurface, point: SurfacePoint): { corners: number[]; weights: number[] } {
  const corners = [0, 1, 2].map((k) => surface.sourceTriangles[3 * surface.parent[point.triangle] + k]);
  const weights = [0, 0, 0];
  [point.u, point.v, point.w].forEach((share, k) => {
    const vertex = surface.triangles[3 * point.triangle + k];
    const second = surface.sourceWeight[vertex];
    weights[corners.indexOf(surface.sourceEdge[2 * vertex])] += share * (1 - second);
    if (second > 0) weights[corners.indexOf(surface.sourceEdge[2 * vertex + 1])] += share * second;
  });
  const sum = weights[0] + weights[1] + weights[2];
  return { corners, weights: weights.map((weight) => weight / sum) };
}

function boundaryChains(
  mesh: EditableMesh,
  number: ReadonlyMap<number, number>,
): Record<CurveName, Int32Array> {
  const lists = new Map<number, number[]>();
  for (const [a, b] of mesh.edges()) {
    const curve = mesh.curveOfEdge(a, b);
    if (curve < 0) continue;
    const list = lists.get(curve) ?? [];
    list.push(a, b);
    lists.set(curve, list);
  }
  const result: Partial<Record<CurveName, Int32Array>> = {};
  mesh.surface.curves.forEach(({ name }, index) => {
    const members = [...new Set(lists.get(index) ?? [])];
    members.sort((a, b) => mesh.curveParameter(a, index) - mesh.curveParameter(b, index));
    result[name] = Int32Array.from(members, (v) => number.get(v) ?? -1);
  });
  return result as Record<CurveName, Int32Array>;
}
