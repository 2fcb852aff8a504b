/**
 * Takes out what the fit leaves: the model's landmarks fall a pixel or two beside the detected ones, enough to print lashes on
 * the brow bone or teeth on the lips. Vertices near landmarks are moved in the photo by the landmarks' mean miss.
 */
import type { PinholeCamera } from '../camera/index.ts';
import { project } from '../camera/index.ts';
import { landmarkPositions, type MorphableModel } from '../model/index.ts';
import type { HeadView } from './head-view.ts';

export interface LandmarkWarpOptions {
  /** Reach of one landmark, as a fraction of the outer eye distance. */
  readonly reach?: number;
  /** Longest displacement, as a fraction of the outer eye distance: more is a wrong fit, not a small miss. */
  readonly limit?: number;
  /** Frontality below which a landmark is not trusted: on the turned-away side the detector guesses. */
  readonly frontality?: number;
}

export const LANDMARK_WARP_DEFAULTS: Required<LandmarkWarpOptions> = {
  reach: 0.07,
  limit: 0.06,
  frontality: 0.25,
};

/** Weight of staying where the fit is; near a cluster of landmarks it hardly counts, far from all it wins. */
const STAY = 0.25;

/**
 * @param points [478, stride] landmarks in photo pixels.
 * @returns [V, 3] `view.projected` with u, v moved; depth as it was. The same array where the model has no
 *   `mediapipe468` embedding.
 */
export function landmarkWarp(
  model: Pick<MorphableModel, 'triangles' | 'landmarks'>,
  view: HeadView,
  camera: PinholeCamera,
  positions: Float32Array,
  points: Float32Array,
  stride: number,
  eyeDistancePx: number,
  options: LandmarkWarpOptions = {},
): Float32Array {
  const embedding = model.landmarks['mediapipe468'];
  if (!embedding) return view.projected;
  const reach = (options.reach ?? LANDMARK_WARP_DEFAULTS.reach) * eyeDistancePx;
  const limit = (options.limit ?? LANDMARK_WARP_DEFAULTS.limit) * eyeDistancePx;
  const least = options.frontality ?? LANDMARK_WARP_DEFAULTS.frontality;
  const fitted = project(camera, landmarkPositions(model, embedding, positions));
  // Contour points slide on the surface, so their miss along it means nothing.
  const sliding = new Set(embedding.contour);
  const misses: { x: number; y: number; dx: number; dy: number }[] = [];
  for (let n = 0; n < Math.min(embedding.count, 468); n++) {
    if (sliding.has(n)) continue;
    const t = embedding.triangle[n] * 3;
    if (view.frontality[model.triangles[t]] < least) continue;
    const dx = points[n * stride] - fitted[n * 3];
    const dy = points[n * stride + 1] - fitted[n * 3 + 1];
    const length = Math.hypot(dx, dy);
    if (!(length < 3 * limit)) continue;
    const shrink = Math.min(1, limit / Math.max(length, 1e-9));
    misses.push({ x: fitted[n * 3], y: fitted[n * 3 + 1], dx: dx * shrink, dy: dy * shrink });
  }
  // Sorted by row, each vertex only looks at the landmarks within reach above and below it.
  misses.sort((a, b) => a.y - b.y);
  const columns = Float64Array.from(misses, ({ x }) => x);
  const rows = Float64Array.from(misses, ({ y }) => y);
  const across = Float64Array.from(misses, ({ dx }) => dx);
  const down = Float64Array.from(misses, ({ dy }) => dy);
  const last = rows.length;
  const out = view.projected.slice();
  for (let v = 0; v < view.frontality.length; v++) {
    if (view.frontality[v] < 0) continue;
    const x = out[v * 3];
    const y = out[v * 3 + 1];
    let total = STAY;
    let dx = 0;
    let dy = 0;
    const bottom = y + 2.5 * reach;
    for (let n = lowerBound(rows, y - 2.5 * reach); n < last && rows[n] < bottom; n++) {
      const squared = ((columns[n] - x) ** 2 + (rows[n] - y) ** 2) / (reach * reach);
      if (squared > 6) continue;
      const weight = Math.exp(-1.5 * squared);
      total += weight;
      dx += weight * across[n];
      dy += weight * down[n];
    }
    out[v * 3] = x + dx / total;
    out[v * 3 + 1] = y + dy / total;
  }
  return out;
}

function lowerBound(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
