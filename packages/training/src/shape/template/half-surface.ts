/**
 * The left half (x >= 0) of the source's skin as a symmetrised triangle surface that is trimmed at the neck. The remesher
 * works on this half only, so that mirroring its result gives a template that is symmetric by construction.
 *
 * The source is a quad mesh of mirror-symmetric connectivity whose positions differ from their mirror image by up to
 * 0.05 mm; its own fan triangulation is not symmetric, so the half's quads are split here, along the flatter diagonal.
 */
import { findCreases } from './creases.ts';
import { boundaryCurves, creaseCurves, pointDistance } from './surface-curves.ts';
import type { SurfaceCurve } from './surface-curves.ts';
import type { TemplateSource } from './types.ts';

/** Plane that trims the neck: points with y - slope * z < heightMm go. Leaves the neck, not the shoulders. */
export interface NeckPlane {
  readonly heightMm: number;
  readonly slope: number;
}

export const NECK_PLANE_DEFAULTS: NeckPlane = { heightMm: -106, slope: -0.12 };

/** The half as a triangle surface, with its ties to the source. */
export interface HalfSurface {
  readonly vertexCount: number;
  /** [n, 3] mm, source coordinates. */
  readonly positions: Float64Array;
  /** [n, 3] unit normals. */
  readonly normals: Float64Array;
  /** [m, 3] counter-clockwise from outside. */
  readonly triangles: Int32Array;
  /** Triangles around each vertex: `around[aroundStart[v] .. aroundStart[v + 1]]`. */
  readonly aroundStart: Int32Array;
  readonly around: Int32Array;
  /** [n, 2] source vertices each surface vertex lies between, and the second one's weight. */
  readonly sourceEdge: Int32Array;
  readonly sourceWeight: Float64Array;
  /** [s, 3] the untrimmed triangles in source vertices, and which of them each triangle lies in. */
  readonly sourceTriangles: Int32Array;
  readonly parent: Int32Array;
  readonly curves: readonly SurfaceCurve[];
  /** Mirror image of every source vertex of the skin (-1 elsewhere). */
  readonly sourceMirror: Int32Array;
  /** [vertexCount, 3] symmetrised source mean, mm (skin vertices only). */
  readonly symmetricMean: Float64Array;
}

const MIDLINE_MM = 1e-3;
const MIRROR_TOLERANCE_MM = 0.1;

/** Builds the symmetrised, trimmed left half of the source's skin. */
export function buildHalfSurface(
  source: TemplateSource,
  plane: NeckPlane = NECK_PLANE_DEFAULTS,
): HalfSurface {
  const sourceMirror = mirrorVertices(source);
  const mean = symmetrise(source, sourceMirror);
  const height = (v: number): number => mean[3 * v + 1] - plane.slope * mean[3 * v + 2] - plane.heightMm;
  const ids = new Map<string, number>();
  const edges: number[] = [];
  const weights: number[] = [];
  const vertexOf = (a: number, b: number, weight: number): number => {
    const key = a < b ? `${a},${b}` : `${b},${a}`;
    const known = ids.get(a === b ? `${a}` : key);
    if (known !== undefined) return known;
    ids.set(a === b ? `${a}` : key, weights.length);
    edges.push(a, b);
    weights.push(weight);
    return weights.length - 1;
  };
  const triangles: number[] = [];
  const parent: number[] = [];
  const sourceTriangles = halfTriangles(source.skinQuads, mean);
  for (const [index, [a, b, c]] of sourceTriangles.entries()) {
    const polygon: number[] = [];
    const loop = [a, b, c];
    for (let k = 0; k < 3; k++) {
      const from = loop[k];
      const to = loop[(k + 1) % 3];
      const h0 = height(from);
      const h1 = height(to);
      if (h0 >= 0) polygon.push(vertexOf(from, from, 0));
      if (h0 >= 0 !== h1 >= 0) {
        // The cut vertex must not depend on the edge's direction.
        const [low, high, hl, hh] = from < to ? [from, to, h0, h1] : [to, from, h1, h0];
        polygon.push(vertexOf(low, high, hl / (hl - hh)));
      }
    }
    for (let k = 2; k < polygon.length; k++) {
      triangles.push(polygon[0], polygon[k - 1], polygon[k]);
      parent.push(index);
    }
  }
  const { lidMargin, lipContact } = findCreases(source, mean);
  const numbered = (chain: readonly number[]): number[] => chain.map((v) => vertexOf(v, v, 0));
  const creases = { lidMargin: numbered(lidMargin), lipContact: numbered(lipContact) };
  const vertexCount = weights.length;
  const positions = new Float64Array(3 * vertexCount);
  for (let v = 0; v < vertexCount; v++) {
    for (let d = 0; d < 3; d++) {
      const w = weights[v];
      positions[3 * v + d] = (1 - w) * mean[3 * edges[2 * v] + d] + w * mean[3 * edges[2 * v + 1] + d];
    }
  }
  const triangleArray = Int32Array.from(triangles);
  const { aroundStart, around } = trianglesAround(vertexCount, triangleArray);
  return {
    vertexCount,
    positions,
    normals: areaNormals(positions, triangleArray),
    triangles: triangleArray,
    aroundStart,
    around,
    sourceEdge: Int32Array.from(edges),
    sourceWeight: Float64Array.from(weights),
    sourceTriangles: Int32Array.from(sourceTriangles.flat()),
    parent: Int32Array.from(parent),
    curves: [...boundaryCurves(positions, triangleArray), ...creaseCurves(positions, creases)],
    sourceMirror,
    symmetricMean: mean,
  };
}

/** Mirror image of each skin vertex, found by position on a grid of 1 mm. */
function mirrorVertices(source: TemplateSource): Int32Array {
  const { mean } = source;
  const skin = new Uint8Array(source.vertexCount);
  for (const v of source.skinQuads) skin[v] = 1;
  const cells = new Map<string, number[]>();
  const cell = (x: number, y: number, z: number): string =>
    `${Math.round(x)},${Math.round(y)},${Math.round(z)}`;
  for (let v = 0; v < source.vertexCount; v++) {
    if (skin[v] === 0) continue;
    const key = cell(mean[3 * v], mean[3 * v + 1], mean[3 * v + 2]);
    const list = cells.get(key);
    if (list === undefined) cells.set(key, [v]);
    else list.push(v);
  }
  const mirror = new Int32Array(source.vertexCount).fill(-1);
  for (let v = 0; v < source.vertexCount; v++) {
    if (skin[v] === 0) continue;
    let best = Infinity;
    for (let k = 0; k < 27; k++) {
      const key = cell(
        -mean[3 * v] + (k % 3) - 1,
        mean[3 * v + 1] + (Math.floor(k / 3) % 3) - 1,
        mean[3 * v + 2] + Math.floor(k / 9) - 1,
      );
      for (const other of cells.get(key) ?? []) {
        const distance = Math.hypot(
          mean[3 * v] + mean[3 * other],
          mean[3 * v + 1] - mean[3 * other + 1],
          mean[3 * v + 2] - mean[3 * other + 2],
        );
        if (distance < best) {
          best = distance;
          mirror[v] = other;
        }
      }
    }
    if (best > MIRROR_TOLERANCE_MM) {
      throw new RangeError(
        `The source's mean is not symmetric: vertex ${v} has no mirror image within ${MIRROR_TOLERANCE_MM} mm.`,
      );
    }
  }
  return mirror;
}

function symmetrise(source: TemplateSource, mirror: Int32Array): Float64Array {
  const mean = Float64Array.from(source.mean);
  for (let v = 0; v < source.vertexCount; v++) {
    const m = mirror[v];
    if (m < 0) continue;
    mean[3 * v] = m === v ? 0 : (source.mean[3 * v] - source.mean[3 * m]) / 2;
    mean[3 * v + 1] = (source.mean[3 * v + 1] + source.mean[3 * m + 1]) / 2;
    mean[3 * v + 2] = (source.mean[3 * v + 2] + source.mean[3 * m + 2]) / 2;
  }
  return mean;
}

function halfTriangles(quads: Uint32Array, mean: Float64Array): [number, number, number][] {
  const result: [number, number, number][] = [];
  for (let q = 0; q < quads.length; q += 4) {
    const [a, b, c, d] = quads.subarray(q, q + 4);
    const xs = [a, b, c, d].map((v) => mean[3 * v]);
    if (Math.min(...xs) < -MIDLINE_MM) {
      if (Math.max(...xs) > MIDLINE_MM)
        throw new RangeError('A polygon of the source crosses the midline; the template cannot be mirrored.');
      continue;
    }
    // The shorter diagonal: on this mesh also the flatter one nearly everywhere, and never outside a bent quad.
    if (pointDistance(mean, a, c) <= pointDistance(mean, b, d)) result.push([a, b, c], [a, c, d]);
    else result.push([a, b, d], [b, c, d]);
  }
  return result;
}

/** Triangles around each vertex in compressed rows. */
export function trianglesAround(
  vertexCount: number,
  triangles: ArrayLike<number>,
): { aroundStart: Int32Array; around: Int32Array } {
  const aroundStart = new Int32Array(vertexCount + 1);
  for (let k = 0; k < triangles.length; k++) aroundStart[triangles[k] + 1]++;
  for (let v = 0; v < vertexCount; v++) aroundStart[v + 1] += aroundStart[v];
  const cursor = aroundStart.slice(0, vertexCount);
  const around = new Int32Array(triangles.length);
  for (let k = 0; k < triangles.length; k++) around[cursor[triangles[k]]++] = Math.floor(k / 3);
  return { aroundStart, around };
}

/** Unit vertex normals, weighted by area. */
export function areaNormals(p: Float64Array, triangles: ArrayLike<number>): Float64Array {
  const normals = new Float64Array(p.length);
  for (let t = 0; t < triangles.length; t += 3) {
    const [a, b, c] = [3 * triangles[t], 3 * triangles[t + 1], 3 * triangles[t + 2]];
    const [ux, uy, uz] = [p[b] - p[a], p[b + 1] - p[a + 1], p[b + 2] - p[a + 2]];
    const [vx, vy, vz] = [p[c] - p[a], p[c + 1] - p[a + 1], p[c + 2] - p[a + 2]];
    for (const q of [a, b, c]) {
      normals[q] += uy * vz - uz * vy;
      normals[q + 1] += uz * vx - ux * vz;
      normals[q + 2] += ux * vy - uy * vx;
    }
  }
  for (let v = 0; v < p.length; v += 3) {
    const length = Math.hypot(normals[v], normals[v + 1], normals[v + 2]) || 1;
    for (let d = 0; d < 3; d++) normals[v + d] /= length;
  }
  return normals;
}
