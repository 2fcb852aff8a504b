/**
 * How long the template's edges should be at each point of the half surface: fine at eyes, lips, nose and brows,
 * coarse on scalp, back and neck, graded in between, and nowhere coarser than the surface's curvature allows.
 */
import type { HalfSurface } from './half-surface.ts';
import { distanceTo, earWeight, landmarkLine } from './regions.ts';
import type { TemplateSource } from './types.ts';

export interface SizingOptions {
  /** Target number of skin vertices of the whole head (both halves). */
  readonly vertices: number;
  /** Largest growth of the edge length per millimetre along the surface. */
  readonly gradation: number;
  /** Edge length per radius of curvature. */
  readonly perRadius: number;
}

export const SIZING_DEFAULTS: SizingOptions = { vertices: 10_300, gradation: 0.2, perRadius: 0.45 };

/** Edge lengths in mm before the common scale. */
const EDGE_MM = {
  eyelid: 0.7,
  lips: 1.1,
  nose: 1.7,
  brow: 2,
  face: 3.2,
  forehead: 3.8,
  ear: 2.4,
  scalp: 9,
  neck: 8,
} as const;
/** Curvature may not ask for edges shorter than this: on the face, on the ear's many folds. */
const MIN_CURVED_MM = { face: 1, ear: 1.6 } as const;

/**
 * Edge length in mm at every vertex of the half surface.
 *
 * The number of triangles of edge h that cover an area A is A / (sqrt(3)/4 h^2), and a mesh has half as many vertices
 * as triangles; the field is scaled so that this count meets `vertices`.
 */
export function edgeLengths(
  surface: HalfSurface,
  source: TemplateSource,
  options: SizingOptions = SIZING_DEFAULTS,
): Float64Array {
  const p = surface.positions;
  const n = surface.vertexCount;
  const wish = new Float64Array(n);
  const eye = landmarkLine(source, 42, 48);
  const brow = landmarkLine(source, 22, 27);
  const nose = landmarkLine(source, 29, 36);
  const lips = landmarkLine(source, 48, 60);
  const chinY = source.mean[3 * source.landmarks68[8] + 1];
  const curvature = curvatureRadius(surface);
  for (let v = 0; v < n; v++) {
    const [x, y, z] = [p[3 * v], p[3 * v + 1], p[3 * v + 2]];
    const isFace = surface.sourceEdge[2 * v] < source.faceVertexCount;
    const isEar = earWeight(x, y, z) > 0.5;
    let h: number;
    if (isEar) h = EDGE_MM.ear;
    else if (isFace && y > 60) h = EDGE_MM.forehead;
    else if (isFace) h = EDGE_MM.face;
    else h = y < chinY ? EDGE_MM.neck : EDGE_MM.scalp;
    if (isFace) {
      h = Math.min(
        h,
        EDGE_MM.eyelid + 0.1 * Math.max(0, distanceTo(eye, x, y, z) - 2.5),
        EDGE_MM.brow + 0.09 * Math.max(0, distanceTo(brow, x, y, z) - 5),
        EDGE_MM.nose + 0.08 * Math.max(0, distanceTo(nose, x, y, z) - 8),
        EDGE_MM.lips + 0.08 * Math.max(0, distanceTo(lips, x, y, z) - 3),
      );
    }
    wish[v] = Math.min(
      h,
      Math.max(isEar ? MIN_CURVED_MM.ear : MIN_CURVED_MM.face, options.perRadius * curvature[v]),
    );
  }
  grade(surface, wish, options.gradation);
  // The gradation is per mm and must hold after scaling too, so scale, grade again, and repeat.
  for (let pass = 0; pass < 4; pass++) {
    const scale = Math.sqrt(expectedVertices(surface, wish) / (options.vertices / 2));
    for (let v = 0; v < n; v++) wish[v] *= scale;
    grade(surface, wish, options.gradation);
  }
  return wish;
}

function expectedVertices(surface: HalfSurface, h: Float64Array): number {
  const p = surface.positions;
  let count = 0;
  for (let t = 0; t < surface.triangles.length; t += 3) {
    const [i, j, k] = [surface.triangles[t], surface.triangles[t + 1], surface.triangles[t + 2]];
    const [ux, uy, uz] = [p[3 * j] - p[3 * i], p[3 * j + 1] - p[3 * i + 1], p[3 * j + 2] - p[3 * i + 2]];
    const [vx, vy, vz] = [p[3 * k] - p[3 * i], p[3 * k + 1] - p[3 * i + 1], p[3 * k + 2] - p[3 * i + 2]];
    const area = Math.hypot(uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx) / 2;
    const mean = (h[i] + h[j] + h[k]) / 3;
    count += area / ((Math.sqrt(3) / 2) * mean * mean);
  }
  return count;
}

/** Lowers the field until it grows by at most `slope` per mm along edges (Dijkstra by repeated sweeps). */
function grade(surface: HalfSurface, h: Float64Array, slope: number): void {
  const p = surface.positions;
  for (let changed = true; changed;) {
    changed = false;
    for (let t = 0; t < surface.triangles.length; t += 3) {
      for (let k = 0; k < 3; k++) {
        const a = surface.triangles[t + k];
        const b = surface.triangles[t + ((k + 1) % 3)];
        const step =
          slope * Math.hypot(p[3 * a] - p[3 * b], p[3 * a + 1] - p[3 * b + 1], p[3 * a + 2] - p[3 * b + 2]);
        if (h[a] > h[b] + step + 1e-9) {
          h[a] = h[b] + step;
          changed = true;
        } else if (h[b] > h[a] + step + 1e-9) {
          h[b] = h[a] + step;
          changed = true;
        }
      }
    }
  }
}

/** Smallest radius of normal curvature in mm around each vertex, from how normals turn along edges. */
function curvatureRadius(surface: HalfSurface): Float64Array {
  const p = surface.positions;
  const normals = surface.normals;
  const radius = new Float64Array(surface.vertexCount).fill(1e3);
  for (let t = 0; t < surface.triangles.length; t += 3) {
    for (let k = 0; k < 3; k++) {
      const a = surface.triangles[t + k];
      const b = surface.triangles[t + ((k + 1) % 3)];
      const dot =
        normals[3 * a] * normals[3 * b] +
        normals[3 * a + 1] * normals[3 * b + 1] +
        normals[3 * a + 2] * normals[3 * b + 2];
      const turn = Math.acos(Math.min(1, Math.max(-1, dot)));
      const length = Math.hypot(
        p[3 * a] - p[3 * b],
        p[3 * a + 1] - p[3 * b + 1],
        p[3 * a + 2] - p[3 * b + 2],
      );
      const r = length / Math.max(turn, 1e-3);
      radius[a] = Math.min(radius[a], r);
      radius[b] = Math.min(radius[b], r);
    }
  }
  return radius;
}
