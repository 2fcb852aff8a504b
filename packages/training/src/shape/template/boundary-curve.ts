/**
 * Points on the half surface's boundary curves by arc length, so that boundary vertices of the template can slide on
 * them without leaving the midline, the lips, the lids or the neck.
 */
import type { HalfSurface } from './half-surface.ts';
import { pointAt } from './surface-point.ts';
import type { SurfacePoint } from './surface-point.ts';

/** Point at arc length `at` (mm) of curve `index`, bound to the triangle that owns the boundary edge. */
export function boundaryPoint(surface: HalfSurface, index: number, at: number): SurfacePoint {
  const { vertices, lengths } = surface.curves[index];
  let low = 0;
  let high = lengths.length - 1;
  while (high - low > 1) {
    const mid = (low + high) >> 1;
    if (lengths[mid] <= at) low = mid;
    else high = mid;
  }
  const span = lengths[high] - lengths[low];
  const f = span > 0 ? Math.min(1, Math.max(0, (at - lengths[low]) / span)) : 0;
  const [a, b] = [vertices[low], vertices[high]];
  for (let i = surface.aroundStart[a]; i < surface.aroundStart[a + 1]; i++) {
    const triangle = surface.around[i];
    const corners = [0, 1, 2].map((k) => surface.triangles[3 * triangle + k]);
    if (!corners.includes(b)) continue;
    const weight = (k: number): number => (corners[k] === a ? 1 - f : corners[k] === b ? f : 0);
    return pointAt(surface, triangle, weight(1), weight(2));
  }
  throw new RangeError(`Curve "${surface.curves[index].name}" leaves the surface's boundary at ${at} mm.`);
}
