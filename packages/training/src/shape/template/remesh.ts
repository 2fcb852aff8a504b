/**
 * The fresh triangulation: adaptive isotropic remeshing of the half surface by splits, collapses, flips and tangential
 * relaxation (Botsch & Kobbelt, A Remeshing Approach to Multiresolution Modeling, SGP 2004; sizing as in Dunyach et al.,
 * Adaptive Remeshing for Real-Time Mesh Deformation, EG 2013). Every vertex stays on the source surface with its binding,
 * and vertices of the boundary slide along their curve only.
 */
import { boundaryPoint } from './boundary-curve.ts';
import type { HalfSurface } from './half-surface.ts';
import { cleanSlivers } from './clean-slivers.ts';
import { areCompatible, EditableMesh } from './editable-mesh.ts';
import { curvePoint, flip, flippable } from './mesh-operations.ts';
import type { CurvePoint } from './mesh-operations.ts';
import { fieldAt, walkToClosest } from './surface-point.ts';
import type { SurfacePoint } from './surface-point.ts';

export interface RemeshOptions {
  /** Rounds of split, collapse, flip, relax. */
  readonly rounds: number;
  /** Rounds of flip and relax at the end, with the number of vertices fixed. */
  readonly polish: number;
}

export const REMESH_DEFAULTS: RemeshOptions = { rounds: 14, polish: 30 };

const SPLIT_ABOVE = 4 / 3;
const COLLAPSE_BELOW = 4 / 5;

/** Remeshes the half surface to the edge lengths given per surface vertex (mm). */
export function remeshHalf(
  surface: HalfSurface,
  edgeLengthMm: Float64Array,
  options: RemeshOptions = REMESH_DEFAULTS,
): EditableMesh {
  const mesh = new EditableMesh(surface);
  const size = (v: number): number => fieldAt(surface, edgeLengthMm, 1, 0, mesh.points[v]);
  for (let round = 0; round < options.rounds; round++) {
    splitLong(mesh, size);
    collapseShort(mesh, size);
    flipEdges(mesh, round < options.rounds / 2 ? 'valence' : 'delaunay');
    for (let k = 0; k < 3; k++) relax(mesh, size, 0.6);
  }
  for (let round = 0; round < options.polish; round++) {
    flipEdges(mesh, 'delaunay');
    relax(mesh, size, 0.5);
  }
  flipEdges(mesh, 'delaunay');
  cleanSlivers(mesh);
  flipToSurface(mesh);
  for (let k = 0; k < 4; k++) relax(mesh, size, 0.4);
  flipToSurface(mesh);
  cleanSlivers(mesh);
  return mesh;
}

/** Least angle a flip towards the surface may make. */
const LEAST_ANGLE = (32 * Math.PI) / 180;

/**
 * Flips edges that cut a corner of the surface (across the ear's rim, the lids' margin) where the other diagonal lies
 * closer to it and the angles stay good: Delaunay edges know nothing of creases and leave them serrated.
 */
function flipToSurface(mesh: EditableMesh): void {
  const offSurface = (a: number, b: number): number => {
    const [p, q] = [mesh.points[a], mesh.points[b]];
    const [x, y, z] = [(p.x + q.x) / 2, (p.y + q.y) / 2, (p.z + q.z) / 2];
    const near = walkToClosest(mesh.surface, p.triangle, x, y, z);
    return Math.hypot(near.x - x, near.y - y, near.z - z);
  };
  for (let pass = 0; pass < 3; pass++) {
    let flips = 0;
    for (const [a, b] of mesh.edges()) {
      const pair = flippable(mesh, a, b);
      if (pair === null) continue;
      const { c, d } = pair;
      const now = offSurface(a, b);
      if (now < 0.02 * mesh.length(a, b) || offSurface(c, d) > 0.7 * now) continue;
      const angles = [
        mesh.angle(a, d, c),
        mesh.angle(b, d, c),
        mesh.angle(c, a, d),
        mesh.angle(c, d, b),
        mesh.angle(d, a, c),
        mesh.angle(d, c, b),
      ];
      if (Math.min(...angles) < LEAST_ANGLE || !mesh.flipKeepsShape(a, b, c, d)) continue;
      flip(mesh, a, b, pair);
      flips++;
    }
    if (flips === 0) return;
  }
}

function splitLong(mesh: EditableMesh, size: (v: number) => number): void {
  const edges = mesh
    .edges()
    .map(([a, b]) => ({ a, b, ratio: mesh.length(a, b) / ((size(a) + size(b)) / 2) }))
    // An inner edge between two boundary vertices would fold onto its mirror image: always split it.
    .filter(
      ({ a, b, ratio }) =>
        ratio > SPLIT_ABOVE ||
        (mesh.boundary[a] === 1 && mesh.boundary[b] === 1 && mesh.trianglesOf(a, b).length === 2),
    )
    .sort((p, q) => q.ratio - p.ratio || p.a - q.a || p.b - q.b);
  for (const { a, b } of edges) {
    const shared = mesh.trianglesOf(a, b);
    if (shared.length === 0) continue;
    const mid = curvePoint(mesh, a, b);
    const v = mesh.addVertex(mid.point, mid.curve, mid.at, shared.length === 1);
    mesh.splitCrease(a, b, v);
    for (const t of shared) {
      const other = mesh.opposite(t, a, b);
      const forward = mesh.isDirected(t, a, b);
      mesh.removeTriangle(t);
      if (forward) {
        mesh.addTriangle(a, v, other);
        mesh.addTriangle(v, b, other);
      } else {
        mesh.addTriangle(b, v, other);
        mesh.addTriangle(v, a, other);
      }
    }
  }
}

function collapseShort(mesh: EditableMesh, size: (v: number) => number): void {
  const edges = mesh
    .edges()
    .map(([a, b]) => ({ a, b, ratio: mesh.length(a, b) / ((size(a) + size(b)) / 2) }))
    .filter(({ ratio }) => ratio < COLLAPSE_BELOW)
    .sort((p, q) => p.ratio - q.ratio || p.a - q.a || p.b - q.b);
  for (const { a, b } of edges) {
    if (!mesh.isAlive(a) || !mesh.isAlive(b) || mesh.trianglesOf(a, b).length === 0) continue;
    // The one with the stronger hold stays: corner, then curve, then inner vertex.
    const [keep, drop] = mesh.hold(a) >= mesh.hold(b) ? [a, b] : [b, a];
    if (mesh.hold(drop) === 2) continue;
    // A vertex on a curve only merges along it.
    if (mesh.hold(drop) === 1 && mesh.curveOfEdge(a, b) !== mesh.curve[drop]) continue;
    if (!mesh.linkHolds(a, b)) continue;
    const target: CurvePoint =
      mesh.hold(keep) === mesh.hold(drop)
        ? curvePoint(mesh, a, b)
        : { point: mesh.points[keep], curve: mesh.curve[keep], at: mesh.at[keep] };
    if (!mayCollapse(mesh, keep, drop, target.point, size)) continue;
    mesh.collapse(keep, drop, target.point, target.at);
  }
}

function mayCollapse(
  mesh: EditableMesh,
  keep: number,
  drop: number,
  point: SurfacePoint,
  size: (v: number) => number,
): boolean {
  for (const end of [keep, drop]) {
    for (const other of mesh.neighbours(end)) {
      if (other === keep || other === drop) continue;
      const q = mesh.points[other];
      const length = Math.hypot(q.x - point.x, q.y - point.y, q.z - point.z);
      if (length > SPLIT_ABOVE * 0.95 * size(other)) return false;
      // No inner edge between boundary vertices may arise.
      if (
        end === drop &&
        mesh.boundary[keep] === 1 &&
        mesh.boundary[other] === 1 &&
        mesh.trianglesOf(drop, other).length === 2
      ) {
        if (mesh.trianglesOf(keep, other).length === 0) return false;
      }
    }
    for (const t of mesh.around[end]) {
      if (mesh.has(t, keep) && mesh.has(t, drop)) continue;
      if (!areCompatible(mesh, t, end, point)) return false;
    }
  }
  return true;
}

/** Flips towards valence 6 (4 on the boundary) or towards the Delaunay condition (opposite angles sum to <= pi). */
function flipEdges(mesh: EditableMesh, criterion: 'valence' | 'delaunay'): void {
  for (let pass = 0; pass < 8; pass++) {
    let flips = 0;
    for (const [a, b] of mesh.edges()) {
      const pair = flippable(mesh, a, b);
      if (pair === null) continue;
      const { c, d } = pair;
      if (criterion === 'valence') {
        const cost = (v: number, change: number): number =>
          (mesh.around[v].length + change - (mesh.boundary[v] === 1 ? 3 : 6)) ** 2;
        const before = cost(a, 0) + cost(b, 0) + cost(c, 0) + cost(d, 0);
        const after = cost(a, -1) + cost(b, -1) + cost(c, 1) + cost(d, 1);
        if (after >= before) continue;
      } else if (mesh.angle(c, a, b) + mesh.angle(d, a, b) <= Math.PI + 1e-6) continue;
      if (!mesh.flipKeepsShape(a, b, c, d)) continue;
      flip(mesh, a, b, pair);
      flips++;
    }
    if (flips === 0) return;
  }
}

/** Moves vertices towards the centroid of their ring, weighted by area over squared edge length, along the surface. */
function relax(mesh: EditableMesh, size: (v: number) => number, step: number): void {
  const sizes = new Float64Array(mesh.points.length);
  for (let v = 0; v < mesh.points.length; v++) if (mesh.isAlive(v)) sizes[v] = size(v);
  for (let v = 0; v < mesh.points.length; v++) {
    if (!mesh.isAlive(v) || mesh.hold(v) === 2) continue;
    if (mesh.hold(v) === 1) {
      relaxOnCurve(mesh, v, sizes, step);
      continue;
    }
    const p = mesh.points[v];
    let [gx, gy, gz, sum] = [0, 0, 0, 0];
    let [nx, ny, nz] = [0, 0, 0];
    for (const t of mesh.around[v]) {
      const [i, j, k] = mesh.corners(t);
      const [a, b, c] = [mesh.points[i], mesh.points[j], mesh.points[k]];
      const cx = (b.y - a.y) * (c.z - a.z) - (b.z - a.z) * (c.y - a.y);
      const cy = (b.z - a.z) * (c.x - a.x) - (b.x - a.x) * (c.z - a.z);
      const cz = (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
      const h = (sizes[i] + sizes[j] + sizes[k]) / 3;
      const weight = Math.hypot(cx, cy, cz) / h ** 3;
      gx += (weight * (a.x + b.x + c.x)) / 3;
      gy += (weight * (a.y + b.y + c.y)) / 3;
      gz += (weight * (a.z + b.z + c.z)) / 3;
      sum += weight;
      nx += cx;
      ny += cy;
      nz += cz;
    }
    if (sum <= 0) continue;
    let [dx, dy, dz] = [gx / sum - p.x, gy / sum - p.y, gz / sum - p.z];
    const length = Math.hypot(nx, ny, nz) || 1;
    const along = (dx * nx + dy * ny + dz * nz) / (length * length);
    dx -= along * nx;
    dy -= along * ny;
    dz -= along * nz;
    const moved = walkToClosest(mesh.surface, p.triangle, p.x + step * dx, p.y + step * dy, p.z + step * dz);
    if (mesh.around[v].every((t) => areCompatible(mesh, t, v, moved))) mesh.points[v] = moved;
  }
}

function relaxOnCurve(mesh: EditableMesh, v: number, sizes: Float64Array, step: number): void {
  const curve = mesh.curve[v];
  const ends = mesh.neighbours(v).filter((other) => mesh.curveOfEdge(v, other) === curve);
  if (ends.length !== 2) return;
  const [p, q] = ends;
  const [sp, sq] = [mesh.curveParameter(p, curve), mesh.curveParameter(q, curve)];
  const [hp, hq] = [sizes[p] + sizes[v], sizes[q] + sizes[v]];
  const goal = (sp * hq + sq * hp) / (hp + hq);
  const at = mesh.at[v] + step * (goal - mesh.at[v]);
  const point = boundaryPoint(mesh.surface, curve, at);
  if (mesh.around[v].every((t) => areCompatible(mesh, t, v, point))) {
    mesh.points[v] = point;
    mesh.at[v] = at;
  }
}
