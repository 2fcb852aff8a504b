/**
 * The triangle mesh the remesher edits: vertices are points of the half surface, triangles come and go, and each
 * vertex knows the triangles around it. Small lists beat a half-edge structure here: rings hold about six triangles.
 */
import { boundaryPoint } from './boundary-curve.ts';
import type { HalfSurface } from './half-surface.ts';
import { fieldAt, pointAt } from './surface-point.ts';
import type { SurfacePoint } from './surface-point.ts';

export class EditableMesh {
  readonly surface: HalfSurface;
  readonly points: SurfacePoint[] = [];
  /** Index of the curve a vertex slides on, -1 off the curves. Corners carry one of the curves that meet there. */
  readonly curve: number[] = [];
  /** Arc length on that curve in mm. */
  readonly at: number[] = [];
  /** Triangles around each vertex. */
  readonly around: number[][] = [];
  /** [T, 3]; a removed triangle holds -1. */
  readonly triangles: number[] = [];
  /** 1 for vertices of the surface's boundary. */
  readonly boundary: number[] = [];
  /** Edges that lie on a crease, and which. */
  readonly #creaseEdges = new Map<string, number>();
  /** Arc length of a corner on each curve that meets there. */
  readonly #cornerAt = new Map<number, Map<number, number>>();

  /** Starts as the surface itself. */
  constructor(surface: HalfSurface) {
    this.surface = surface;
    for (let v = 0; v < surface.vertexCount; v++) {
      const triangle = surface.around[surface.aroundStart[v]];
      const k = [0, 1, 2].findIndex((corner) => surface.triangles[3 * triangle + corner] === v);
      this.addVertex(pointAt(surface, triangle, k === 1 ? 1 : 0, k === 2 ? 1 : 0), -1, 0);
    }
    for (const { vertices } of surface.curves) {
      this.#cornerAt.set(vertices[0], new Map());
      this.#cornerAt.set(vertices[vertices.length - 1], new Map());
    }
    surface.curves.forEach(({ vertices, lengths, isBoundary }, index) => {
      vertices.forEach((v, i) => {
        this.#cornerAt.get(v)?.set(index, lengths[i]);
        if (isBoundary) this.boundary[v] = 1;
        else if (i > 0) this.#creaseEdges.set(edgeKey(vertices[i - 1], v), index);
        if (this.curve[v] >= 0 && !isBoundary) return;
        this.curve[v] = index;
        this.at[v] = lengths[i];
        this.points[v] = boundaryPoint(surface, index, lengths[i]);
      });
    });
    for (let t = 0; t < surface.triangles.length; t += 3) {
      this.addTriangle(surface.triangles[t], surface.triangles[t + 1], surface.triangles[t + 2]);
    }
  }

  addVertex(point: SurfacePoint, curve: number, at: number, boundary = false): number {
    this.points.push(point);
    this.curve.push(curve);
    this.at.push(at);
    this.around.push([]);
    this.boundary.push(boundary ? 1 : 0);
    return this.points.length - 1;
  }

  addTriangle(a: number, b: number, c: number): void {
    const t = this.triangles.length / 3;
    this.triangles.push(a, b, c);
    this.around[a].push(t);
    this.around[b].push(t);
    this.around[c].push(t);
  }

  removeTriangle(t: number): void {
    for (let k = 0; k < 3; k++) {
      const list = this.around[this.triangles[3 * t + k]];
      list.splice(list.indexOf(t), 1);
      this.triangles[3 * t + k] = -1;
    }
  }

  isAlive(v: number): boolean {
    return this.around[v].length > 0;
  }

  /** 0 for an inner vertex, 1 for one that slides on a curve, 2 for a corner. */
  hold(v: number): 0 | 1 | 2 {
    return this.#cornerAt.has(v) ? 2 : this.curve[v] >= 0 ? 1 : 0;
  }

  corners(t: number): [number, number, number] {
    return [this.triangles[3 * t], this.triangles[3 * t + 1], this.triangles[3 * t + 2]];
  }

  has(t: number, v: number): boolean {
    return this.triangles[3 * t] === v || this.triangles[3 * t + 1] === v || this.triangles[3 * t + 2] === v;
  }

  /** Triangles on both sides of edge (a, b): two inside, one on the boundary, none where there is no such edge. */
  trianglesOf(a: number, b: number): number[] {
    return this.around[a].filter((t) => this.has(t, b));
  }

  opposite(t: number, a: number, b: number): number {
    for (let k = 0; k < 3; k++) {
      const v = this.triangles[3 * t + k];
      if (v !== a && v !== b) return v;
    }
    return -1;
  }

  isDirected(t: number, a: number, b: number): boolean {
    for (let k = 0; k < 3; k++)
      if (this.triangles[3 * t + k] === a) return this.triangles[3 * t + ((k + 1) % 3)] === b;
    return false;
  }

  neighbours(v: number): number[] {
    const result = new Set<number>();
    for (const t of this.around[v]) for (let k = 0; k < 3; k++) result.add(this.triangles[3 * t + k]);
    result.delete(v);
    return [...result];
  }

  /** Edges with a < b, in the order of their first triangle. */
  edges(): [number, number][] {
    const result: [number, number][] = [];
    for (let t = 0; t < this.triangles.length; t += 3) {
      if (this.triangles[t] < 0) continue;
      for (let k = 0; k < 3; k++) {
        const a = this.triangles[t + k];
        const b = this.triangles[t + ((k + 1) % 3)];
        if (a < b) result.push([a, b]);
        else if (this.trianglesOf(a, b).length === 1) result.push([b, a]);
      }
    }
    return result;
  }

  length(a: number, b: number): number {
    const [p, q] = [this.points[a], this.points[b]];
    return Math.hypot(p.x - q.x, p.y - q.y, p.z - q.z);
  }

  /** Angle at `apex` in the triangle (apex, a, b). */
  angle(apex: number, a: number, b: number): number {
    const [la, lb, lc] = [this.length(apex, a), this.length(apex, b), this.length(a, b)];
    return Math.acos(Math.min(1, Math.max(-1, (la * la + lb * lb - lc * lc) / (2 * la * lb || 1))));
  }

  /** The curve that edge (a, b) is part of, -1 for none. */
  curveOfEdge(a: number, b: number): number {
    if (this.boundary[a] === 1 && this.boundary[b] === 1 && this.trianglesOf(a, b).length === 1)
      return this.#commonCurve(a, b);
    return this.#creaseEdges.get(edgeKey(a, b)) ?? -1;
  }

  /** Tells that crease edge (a, b) is now (a, v) and (v, b). */
  splitCrease(a: number, b: number, v: number): void {
    const index = this.#creaseEdges.get(edgeKey(a, b));
    if (index === undefined) return;
    this.#creaseEdges.delete(edgeKey(a, b));
    this.#creaseEdges.set(edgeKey(a, v), index);
    this.#creaseEdges.set(edgeKey(v, b), index);
  }

  #commonCurve(a: number, b: number): number {
    if (this.hold(a) !== 2) return this.curve[a];
    if (this.hold(b) !== 2) return this.curve[b];
    for (const index of this.#cornerAt.get(a)?.keys() ?? []) {
      if (this.#cornerAt.get(b)?.has(index) === true && this.surface.curves[index].isBoundary) return index;
    }
    throw new RangeError('Two corners without a common curve.');
  }

  curveParameter(v: number, curve: number): number {
    return this.#cornerAt.get(v)?.get(curve) ?? this.at[v];
  }

  /** Link condition: a and b share exactly the vertices opposite to their edge. */
  linkHolds(a: number, b: number): boolean {
    const around = new Set(this.neighbours(a));
    const common = this.neighbours(b).filter((v) => around.has(v));
    return common.length === this.trianglesOf(a, b).length;
  }

  collapse(keep: number, drop: number, point: SurfacePoint, at: number): void {
    for (const other of this.neighbours(drop)) {
      const index = this.#creaseEdges.get(edgeKey(drop, other));
      if (index === undefined) continue;
      this.#creaseEdges.delete(edgeKey(drop, other));
      if (other !== keep) this.#creaseEdges.set(edgeKey(keep, other), index);
    }
    for (const t of this.around[drop].slice()) {
      const [a, b, c] = this.corners(t);
      this.removeTriangle(t);
      const swap = (v: number): number => (v === drop ? keep : v);
      if (a !== keep && b !== keep && c !== keep) this.addTriangle(swap(a), swap(b), swap(c));
    }
    this.points[keep] = point;
    if (this.hold(keep) === 1) this.at[keep] = at;
  }

  /** True when flipping edge (a, b) to (c, d) leaves both triangles facing as the surface does. */
  flipKeepsShape(a: number, b: number, c: number, d: number): boolean {
    return faces(this, [a, d, c]) > FACING && faces(this, [d, b, c]) > FACING;
  }
}

function edgeKey(a: number, b: number): string {
  return a < b ? `${a},${b}` : `${b},${a}`;
}

/** Least cosine between a triangle's normal and the surface's normals at its corners. */
const FACING = 0.25;

/** True when triangle `t`, with corner `v` moved to `point`, still faces as the surface does. */
export function areCompatible(mesh: EditableMesh, t: number, v: number, point: SurfacePoint): boolean {
  const points = mesh.corners(t).map((corner) => (corner === v ? point : mesh.points[corner]));
  return facing(mesh.surface, points[0], points[1], points[2]) > FACING;
}

function faces(mesh: EditableMesh, [a, b, c]: readonly [number, number, number]): number {
  return facing(mesh.surface, mesh.points[a], mesh.points[b], mesh.points[c]);
}

function facing(surface: HalfSurface, a: SurfacePoint, b: SurfacePoint, c: SurfacePoint): number {
  const cx = (b.y - a.y) * (c.z - a.z) - (b.z - a.z) * (c.y - a.y);
  const cy = (b.z - a.z) * (c.x - a.x) - (b.x - a.x) * (c.z - a.z);
  const cz = (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
  const length = Math.hypot(cx, cy, cz);
  if (length === 0) return -1;
  let least = 1;
  for (const p of [a, b, c]) {
    const nx = fieldAt(surface, surface.normals, 3, 0, p);
    const ny = fieldAt(surface, surface.normals, 3, 1, p);
    const nz = fieldAt(surface, surface.normals, 3, 2, p);
    least = Math.min(least, (cx * nx + cy * ny + cz * nz) / (length * (Math.hypot(nx, ny, nz) || 1)));
  }
  return least;
}
