/**
 * Projection of world points through the fit's pinhole camera. The one place where its formula is evaluated for
 * whole point sets; the solver's Jacobian is checked against this function.
 */
import type { PinholeCamera } from './pinhole.ts';
import { rotationMatrix } from './rotation.ts';

/**
 * @param points [N, 3] world millimetres.
 * @param out optional [N, 3] to write into.
 * @returns [N, 3]: u, v in pixels (origin top left) and depth in mm along the viewing axis, positive in front of the
 *   camera. A point at or behind the camera's plane has depth <= 0 and its u, v are not meaningful.
 */
export function project(camera: PinholeCamera, points: Float32Array, out?: Float32Array): Float32Array {
  if (points.length % 3 !== 0)
    throw new RangeError(`Points must be [N, 3], but ${points.length} numbers were given.`);
  const result = out ?? new Float32Array(points.length);
  if (result.length !== points.length) {
    throw new RangeError(`The output holds ${result.length} numbers, but the points hold ${points.length}.`);
  }
  const r = rotationMatrix(camera.rotation);
  const [tx, ty, tz] = camera.translationMm;
  const [cx, cy] = camera.principalPointPx;
  const f = camera.focalPx;
  for (let i = 0; i < points.length; i += 3) {
    const x = points[i];
    const y = points[i + 1];
    const z = points[i + 2];
    const depth = -(r[6] * x + r[7] * y + r[8] * z + tz);
    const scale = f / depth;
    result[i] = cx + scale * (r[0] * x + r[1] * y + r[2] * z + tx);
    result[i + 1] = cy - scale * (r[3] * x + r[4] * y + r[5] * z + ty);
    result[i + 2] = depth;
  }
  return result;
}

/**
 * Derivatives of (u, v) of one point by its camera-frame position (x, y, z), z negative in front.
 * @returns [2, 3] row-major, pixels per mm.
 */
export function projectionJacobian(focalPx: number, x: number, y: number, z: number): Float64Array {
  const depth = -z;
  const scale = focalPx / depth;
  return Float64Array.of(scale, 0, (scale * x) / depth, 0, -scale, (-scale * y) / depth);
}
