/**
 * Closest points on the half surface found by walking from a known triangle. A global search would jump between
 * sheets that lie close in space but far along the skin (behind the ear, inside the lips, in the nostrils).
 */
import type { HalfSurface } from './half-surface.ts';

/** A point of the half surface. */
export interface SurfacePoint {
  triangle: number;
  /** Barycentric coordinates of the triangle's three corners. */
  u: number;
  v: number;
  w: number;
  x: number;
  y: number;
  z: number;
}

/** Closest point to (x, y, z) reached by descending from `start` over triangles that share a vertex. */
export function walkToClosest(
  surface: HalfSurface,
  start: number,
  x: number,
  y: number,
  z: number,
): SurfacePoint {
  let best = closestOnTriangle(surface, start, x, y, z);
  let bestDistance = squaredDistance(best, x, y, z);
  const tried = new Set<number>([start]);
  for (;;) {
    let moved = false;
    const centre = best.triangle;
    for (let k = 0; k < 3; k++) {
      const vertex = surface.triangles[3 * centre + k];
      for (let i = surface.aroundStart[vertex]; i < surface.aroundStart[vertex + 1]; i++) {
        const triangle = surface.around[i];
        if (tried.has(triangle)) continue;
        tried.add(triangle);
        const point = closestOnTriangle(surface, triangle, x, y, z);
        const distance = squaredDistance(point, x, y, z);
        if (distance < bestDistance - 1e-12) {
          best = point;
          bestDistance = distance;
          moved = true;
        }
      }
    }
    if (!moved) return best;
  }
}

function squaredDistance(p: SurfacePoint, x: number, y: number, z: number): number {
  return (p.x - x) ** 2 + (p.y - y) ** 2 + (p.z - z) ** 2;
}

/** Closest point of one triangle (Ericson, Real-Time Collision Detection, 5.1.5). */
export function closestOnTriangle(
  surface: HalfSurface,
  triangle: number,
  x: number,
  y: number,
  z: number,
): SurfacePoint {
  const p = surface.positions;
  const a = 3 * surface.triangles[3 * triangle];
  const b = 3 * surface.triangles[3 * triangle + 1];
  const c = 3 * surface.triangles[3 * triangle + 2];
  const [abx, aby, abz] = [p[b] - p[a], p[b + 1] - p[a + 1], p[b + 2] - p[a + 2]];
  const [acx, acy, acz] = [p[c] - p[a], p[c + 1] - p[a + 1], p[c + 2] - p[a + 2]];
  const [apx, apy, apz] = [x - p[a], y - p[a + 1], z - p[a + 2]];
  const d1 = abx * apx + aby * apy + abz * apz;
  const d2 = acx * apx + acy * apy + acz * apz;
  if (d1 <= 0 && d2 <= 0) return pointAt(surface, triangle, 0, 0);
  const [bpx, bpy, bpz] = [x - p[b], y - p[b + 1], z - p[b + 2]];
  const d3 = abx * bpx + aby * bpy + abz * bpz;
  const d4 = acx * bpx + acy * bpy + acz * bpz;
  if (d3 >= 0 && d4 <= d3) return pointAt(surface, triangle, 1, 0);
  const vc = d1 * d4 - d3 * d2;
  if (vc <= 0 && d1 >= 0 && d3 <= 0) return pointAt(surface, triangle, d1 / (d1 - d3 || 1), 0);
  const [cpx, cpy, cpz] = [x - p[c], y - p[c + 1], z - p[c + 2]];
  const d5 = abx * cpx + aby * cpy + abz * cpz;
  const d6 = acx * cpx + acy * cpy + acz * cpz;
  if (d6 >= 0 && d5 <= d6) return pointAt(surface, triangle, 0, 1);
  const vb = d5 * d2 - d1 * d6;
  if (vb <= 0 && d2 >= 0 && d6 <= 0) return pointAt(surface, triangle, 0, d2 / (d2 - d6 || 1));
  const va = d3 * d6 - d5 * d4;
  if (va <= 0 && d4 - d3 >= 0 && d5 - d6 >= 0) {
    const w = (d4 - d3) / (d4 - d3 + (d5 - d6) || 1);
    return pointAt(surface, triangle, 1 - w, w);
  }
  const sum = va + vb + vc;
  if (sum <= 0) return pointAt(surface, triangle, 0, 0);
  return pointAt(surface, triangle, vb / sum, vc / sum);
}

/** Point with barycentric coordinates (1 - v - w, v, w). */
export function pointAt(surface: HalfSurface, triangle: number, v: number, w: number): SurfacePoint {
  const u = Math.max(0, 1 - v - w);
  const p = surface.positions;
  const a = 3 * surface.triangles[3 * triangle];
  const b = 3 * surface.triangles[3 * triangle + 1];
  const c = 3 * surface.triangles[3 * triangle + 2];
  return {
    triangle,
    u,
    v,
    w,
    x: u * p[a] + v * p[b] + w * p[c],
    y: u * p[a + 1] + v * p[b + 1] + w * p[c + 1],
    z: u * p[a + 2] + v * p[b + 2] + w * p[c + 2],
  };
}

/** A per-vertex field of `width` numbers interpolated at a point; component `d`. */
export function fieldAt(
  surface: HalfSurface,
  field: Float64Array,
  width: number,
  d: number,
  p: SurfacePoint,
): number {
  const t = 3 * p.triangle;
  return (
    p.u * field[width * surface.triangles[t] + d] +
    p.v * field[width * surface.triangles[t + 1] + d] +
    p.w * field[width * surface.triangles[t + 2] + d]
  );
}
