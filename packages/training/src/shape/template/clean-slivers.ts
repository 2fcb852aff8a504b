/**
 * Removes the last slivers. In tight folds (corners of mouth and eyes) the surface's own normals turn so fast that the
 * remesher's orientation test refuses every improvement; here a change is judged by the triangles themselves: it must
 * raise the worst angle around it, and no triangle may turn away from where it faced.
 */
import type { EditableMesh } from './editable-mesh.ts';
import { curvePoint, flip, flippable } from './mesh-operations.ts';
import type { SurfacePoint } from './surface-point.ts';

const SLIVER = (26 * Math.PI) / 180;
const MAX_TURN_COSINE = 0.3;
const ROUNDS = 6;

/** Collapses or flips triangles with an angle under 26 degrees where that helps. Returns how many changes were made. */
export function cleanSlivers(mesh: EditableMesh): number {
  let changes = 0;
  for (let round = 0; round < ROUNDS; round++) {
    let changed = 0;
    for (let t = 0; 3 * t < mesh.triangles.length; t++) {
      if (mesh.triangles[3 * t] < 0 || worstAngle(mesh, [mesh.corners(t)]) >= SLIVER) continue;
      if (collapseEdgeOf(mesh, t) || flipEdgeOf(mesh, t)) changed++;
    }
    changes += changed;
    if (changed === 0) break;
  }
  return changes;
}

type Corners = readonly [number, number, number];

function collapseEdgeOf(mesh: EditableMesh, t: number): boolean {
  const [i, j, k] = mesh.corners(t);
  const edges = (
    [
      [i, j],
      [j, k],
      [k, i],
    ] as const
  ).toSorted((p, q) => mesh.length(p[0], p[1]) - mesh.length(q[0], q[1]));
  const [a, b] = edges[0];
  for (const [keep, drop] of mesh.hold(a) >= mesh.hold(b)
    ? ([
        [a, b],
        [b, a],
      ] as const)
    : ([
        [b, a],
        [a, b],
      ] as const)) {
    if (mesh.hold(drop) > mesh.hold(keep) || mesh.hold(drop) === 2) continue;
    if (mesh.hold(drop) === 1 && mesh.curveOfEdge(a, b) !== mesh.curve[drop]) continue;
    if (!mesh.linkHolds(a, b) || joinsBoundary(mesh, keep, drop)) continue;
    const middle = mesh.hold(keep) === mesh.hold(drop);
    const target = middle
      ? curvePoint(mesh, a, b)
      : { point: mesh.points[keep], curve: mesh.curve[keep], at: mesh.at[keep] };
    const before = new Set([...mesh.around[keep], ...mesh.around[drop]]);
    const left = [...before].filter((q) => !(mesh.has(q, keep) && mesh.has(q, drop)));
    const moved = (v: number): SurfacePoint => (v === keep || v === drop ? target.point : mesh.points[v]);
    if (
      !improves(
        mesh,
        [...before].map((q) => mesh.corners(q)),
        left.map((q) => mesh.corners(q)),
        moved,
      )
    )
      continue;
    if (left.some((q) => turns(mesh, mesh.corners(q), moved))) continue;
    mesh.collapse(keep, drop, target.point, target.at);
    return true;
  }
  return false;
}

/** True when the collapse would make an inner edge between two boundary vertices. */
function joinsBoundary(mesh: EditableMesh, keep: number, drop: number): boolean {
  if (mesh.boundary[keep] === 0) return false;
  return mesh
    .neighbours(drop)
    .some(
      (v) =>
        v !== keep &&
        mesh.boundary[v] === 1 &&
        mesh.trianglesOf(drop, v).length === 2 &&
        mesh.trianglesOf(keep, v).length === 0,
    );
}

function flipEdgeOf(mesh: EditableMesh, t: number): boolean {
  const [i, j, k] = mesh.corners(t);
  for (const [a, b] of [
    [i, j],
    [j, k],
    [k, i],
  ] as const) {
    const pair = flippable(mesh, a, b);
    if (pair === null) continue;
    const { c, d } = pair;
    const old: Corners[] = [
      [a, b, c],
      [b, a, d],
    ];
    const next: Corners[] = [
      [a, d, c],
      [d, b, c],
    ];
    const same = (v: number): SurfacePoint => mesh.points[v];
    if (!improves(mesh, old, next, same)) continue;
    const normals = [...old, ...next].map((corners) => normal(corners.map(same)));
    const mean = [0, 1, 2].map((d3) => normals[0][d3] + normals[1][d3]);
    const faces = (n: readonly number[]): boolean => n[0] * mean[0] + n[1] * mean[1] + n[2] * mean[2] > 0.5;
    if (!faces(normals[2]) || !faces(normals[3])) continue;
    flip(mesh, a, b, pair);
    return true;
  }
  return false;
}

function improves(
  mesh: EditableMesh,
  before: readonly Corners[],
  after: readonly Corners[],
  moved: (v: number) => SurfacePoint,
): boolean {
  return worstAngle(mesh, after, moved) > worstAngle(mesh, before) * 1.05 + 0.01;
}

function worstAngle(
  mesh: EditableMesh,
  triangles: readonly Corners[],
  place: (v: number) => SurfacePoint = (v) => mesh.points[v],
): number {
  let worst = Math.PI;
  for (const corners of triangles) {
    const p = corners.map(place);
    for (let k = 0; k < 3; k++) {
      const [o, q, r] = [p[k], p[(k + 1) % 3], p[(k + 2) % 3]];
      const [ux, uy, uz] = [q.x - o.x, q.y - o.y, q.z - o.z];
      const [vx, vy, vz] = [r.x - o.x, r.y - o.y, r.z - o.z];
      const lengths = Math.hypot(ux, uy, uz) * Math.hypot(vx, vy, vz);
      worst = Math.min(
        worst,
        lengths > 0 ? Math.acos(Math.min(1, Math.max(-1, (ux * vx + uy * vy + uz * vz) / lengths))) : 0,
      );
    }
  }
  return worst;
}

function turns(mesh: EditableMesh, corners: Corners, moved: (v: number) => SurfacePoint): boolean {
  const before = normal(corners.map((v) => mesh.points[v]));
  const after = normal(corners.map(moved));
  return before[0] * after[0] + before[1] * after[1] + before[2] * after[2] < MAX_TURN_COSINE;
}

function normal([a, b, c]: readonly SurfacePoint[]): readonly [number, number, number] {
  const x = (b.y - a.y) * (c.z - a.z) - (b.z - a.z) * (c.y - a.y);
  const y = (b.z - a.z) * (c.x - a.x) - (b.x - a.x) * (c.z - a.z);
  const z = (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
  const length = Math.hypot(x, y, z) || 1;
  return [x / length, y / length, z / length];
}
