/**
 * The path a contour landmark may slide along. On a turned head the face's outline in the photo is no longer the ridge
 * of the jaw but wherever the surface turns away from the camera, which lies nearer to the middle of the face.
 */
import type { MorphableModel } from '../model/index.ts';

/** A point of the surface as a combination of vertices. */
export interface SurfacePoint {
  readonly vertices: readonly number[];
  /** Sum 1. */
  readonly weights: readonly number[];
  /** A triangle it lies on. */
  readonly triangle: number;
}

/** How far a contour landmark may slide and how finely, mm along the surface. */
export const CONTOUR_LENGTH_MM = 45;
export const CONTOUR_SPACING_MM = 3;

/**
 * Walks from `start` over the mean head's surface towards `centre`, in the plane through both that contains the
 * viewing axis of a frontal photo (+Z).
 * @returns places on mesh edges about 3 mm apart, `start` not included; empty where the walk finds no way.
 */
export function contourPath(
  model: Pick<MorphableModel, 'mean' | 'triangles'>,
  start: SurfacePoint,
  centre: ArrayLike<number>,
): SurfacePoint[] {
  const { mean, triangles } = model;
  const origin = [0, 1, 2].map((c) => {
    let sum = 0;
    for (const [k, v] of start.vertices.entries()) sum += start.weights[k] * mean[v * 3 + c];
    return sum;
  });
  const toCentre = [centre[0] - origin[0], centre[1] - origin[1]];
  const length = Math.hypot(toCentre[0], toCentre[1]);
  if (length < 1e-6) return [];
  const direction = [toCentre[0] / length, toCentre[1] / length];
  const side = (v: number): number =>
    (mean[v * 3] - origin[0]) * -direction[1] + (mean[v * 3 + 1] - origin[1]) * direction[0];

  const neighbours = edgeTriangles(triangles);
  const path: SurfacePoint[] = [];
  let triangle = start.triangle;
  let from = -1;
  let previous = origin;
  let walked = 0;
  let lastKept = 0;
  while (walked < CONTOUR_LENGTH_MM) {
    let best:
      { key: number; a: number; b: number; weight: number; at: number[]; progress: number } | undefined;
    for (let k = 0; k < 3; k++) {
      const a = triangles[triangle * 3 + k];
      const b = triangles[triangle * 3 + ((k + 1) % 3)];
      const key = edgeKey(a, b);
      const sideA = side(a);
      const sideB = side(b);
      if (key === from || sideA > 0 === sideB > 0) continue;
      const weight = sideA / (sideA - sideB);
      const at = [0, 1, 2].map((c) => (1 - weight) * mean[a * 3 + c] + weight * mean[b * 3 + c]);
      const progress = (at[0] - previous[0]) * direction[0] + (at[1] - previous[1]) * direction[1];
      // The first triangle has two ways out: the one towards the centre. Later ones have one.
      if (best === undefined || progress > best.progress) best = { key, a, b, weight, at, progress };
    }
    if (best === undefined) break;
    walked += Math.hypot(best.at[0] - previous[0], best.at[1] - previous[1], best.at[2] - previous[2]);
    const next = neighbours.get(best.key)?.find((candidate) => candidate !== triangle);
    if (walked - lastKept >= CONTOUR_SPACING_MM) {
      path.push({ vertices: [best.a, best.b], weights: [1 - best.weight, best.weight], triangle });
      lastKept = walked;
    }
    if (next === undefined) break;
    triangle = next;
    from = best.key;
    previous = best.at;
  }
  return path;
}

const edgeCache = new WeakMap<Uint32Array, Map<number, number[]>>();

function edgeTriangles(triangles: Uint32Array): Map<number, number[]> {
  const known = edgeCache.get(triangles);
  if (known !== undefined) return known;
  const edges = new Map<number, number[]>();
  for (let t = 0; t < triangles.length / 3; t++) {
    for (let k = 0; k < 3; k++) {
      const key = edgeKey(triangles[t * 3 + k], triangles[t * 3 + ((k + 1) % 3)]);
      const list = edges.get(key);
      if (list === undefined) edges.set(key, [t]);
      else list.push(t);
    }
  }
  edgeCache.set(triangles, edges);
  return edges;
}

/** One number per undirected edge: exact below 2^53, and several times faster as a map key than text. */
function edgeKey(a: number, b: number): number {
  return a < b ? a * 2 ** 26 + b : b * 2 ** 26 + a;
}
