/**
 * The landmark fit as a least-squares problem: residuals and their analytic Jacobian over
 * rotation, camera offset, log scale, log depth, p_s and p_e.
 *
 * With X = R V + (t_x, t_y, 0), V the landmark relative to the landmarks' centre and z its camera-frame offset,
 *   u = c_x + e^s X_x / (1 - z e^-l),   v = c_y - e^s X_y / (1 - z e^-l),
 * so e^s is the image scale in px/mm at the centre, e^l = d its distance in mm and f = e^(s + l). In these terms size
 * in the image (s, sharply determined) and strength of perspective (l, hardly determined) do not fight each other, as
 * focal length and distance do.
 */
import { multiply3, rotationMatrix } from '../camera/index.ts';
import type { LandmarkBasis } from './landmark-basis.ts';

/** Camera unknowns: 3 of rotation (local, applied from the left), t_x, t_y, s, l. */
export const CAMERA_UNKNOWNS = 7;

export interface LandmarkState {
  /** [9] row-major R, world to camera. */
  readonly rotation: Float64Array;
  /** [4] t_x, t_y (mm), s = log(px/mm), l = log(distance in mm). */
  readonly view: Float64Array;
  /** [K_n + K_q + K_e] nuisance, identity in the basis's own directions, p_e. */
  readonly coefficients: Float64Array;
}

export interface LandmarkObservations {
  /** [N, 2] pixels relative to the principal point, +v up, beside `rows`. */
  readonly targets: Float64Array;
  /** [N] row of the basis that each landmark is compared with; contour landmarks change theirs between iterations. */
  readonly rows: Uint32Array;
}

export function cloneState(state: LandmarkState): LandmarkState {
  return {
    rotation: state.rotation.slice(),
    view: state.view.slice(),
    coefficients: state.coefficients.slice(),
  };
}

/**
 * Landmarks in the camera's orientation: R (mean + S p_s + E p_e), relative to the centre, mm.
 * @param out [N, 3]
 */
export function rotatedLandmarks(
  basis: LandmarkBasis,
  rows: Uint32Array,
  state: LandmarkState,
  out: Float64Array,
): void {
  const { coefficients, rotation: r } = state;
  const k = coefficients.length;
  const { deltas, mean } = basis;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] * 3;
    let x = mean[row];
    let y = mean[row + 1];
    let z = mean[row + 2];
    const at = row * k;
    for (let j = 0; j < k; j++) {
      const p = coefficients[j];
      x += deltas[at + j] * p;
      y += deltas[at + k + j] * p;
      z += deltas[at + 2 * k + j] * p;
    }
    out[i * 3] = r[0] * x + r[1] * y + r[2] * z;
    out[i * 3 + 1] = r[3] * x + r[4] * y + r[5] * z;
    out[i * 3 + 2] = r[6] * x + r[7] * y + r[8] * z;
  }
}

/**
 * Projected minus observed position of every landmark.
 * @param rotated [N, 3] from `rotatedLandmarks`.
 * @param out [N, 2] pixels, +v up.
 * @returns false if a landmark lies at or behind the camera.
 */
export function landmarkResiduals(
  observations: LandmarkObservations,
  state: LandmarkState,
  rotated: Float64Array,
  out: Float64Array,
): boolean {
  const [tx, ty, logScale, logDepth] = state.view;
  const scale = Math.exp(logScale);
  const inverseDepth = Math.exp(-logDepth);
  const n = observations.rows.length;
  for (let i = 0; i < n; i++) {
    const nearness = 1 - rotated[i * 3 + 2] * inverseDepth;
    if (!(nearness > 0.02)) return false;
    const factor = scale / nearness;
    out[i * 2] = factor * (rotated[i * 3] + tx) - observations.targets[i * 2];
    out[i * 2 + 1] = factor * (rotated[i * 3 + 1] + ty) - observations.targets[i * 2 + 1];
  }
  return true;
}

/**
 * Jacobian of the residuals, each landmark's two rows multiplied by `rootWeights`.
 * @param rootWeights [N]
 * @param first first coefficient that is free: 0 for all of them, K for the camera alone.
 * @param out [2 N, 7 + K - first] row-major; columns: rotation (3), t_x, t_y, s, l, coefficients from `first` on.
 */
export function landmarkJacobian(
  basis: LandmarkBasis,
  observations: LandmarkObservations,
  state: LandmarkState,
  rotated: Float64Array,
  rootWeights: Float64Array,
  first: number,
  out: Float64Array,
): void {
  const [tx, ty, logScale, logDepth] = state.view;
  const { rotation: r } = state;
  const k = state.coefficients.length;
  const free = k - first;
  const columns = CAMERA_UNKNOWNS + free;
  const scale = Math.exp(logScale);
  const inverseDepth = Math.exp(-logDepth);
  const { deltas } = basis;
  for (let i = 0; i < observations.rows.length; i++) {
    const x = rotated[i * 3];
    const y = rotated[i * 3 + 1];
    const z = rotated[i * 3 + 2];
    const nearness = 1 - z * inverseDepth;
    const factor = (rootWeights[i] * scale) / nearness;
    const u = factor * (x + tx);
    const v = factor * (y + ty);
    // Derivatives by the rotated point: d(u)/d(x, z) and d(v)/d(y, z).
    const uz = (u * inverseDepth) / nearness;
    const vz = (v * inverseDepth) / nearness;
    const rowU = i * 2 * columns;
    const rowV = rowU + columns;
    // A small rotation w from the left moves the point by w x (x, y, z).
    out[rowU] = uz * y;
    out[rowU + 1] = factor * z - uz * x;
    out[rowU + 2] = -factor * y;
    out[rowV] = -factor * z + vz * y;
    out[rowV + 1] = -vz * x;
    out[rowV + 2] = factor * x;
    out[rowU + 3] = factor;
    out[rowV + 3] = 0;
    out[rowU + 4] = 0;
    out[rowV + 4] = factor;
    out[rowU + 5] = u;
    out[rowV + 5] = v;
    out[rowU + 6] = -uz * z;
    out[rowV + 6] = -vz * z;
    const ux = factor * r[0] + uz * r[6];
    const uy = factor * r[1] + uz * r[7];
    const uzz = factor * r[2] + uz * r[8];
    const vx = factor * r[3] + vz * r[6];
    const vy = factor * r[4] + vz * r[7];
    const vzz = factor * r[5] + vz * r[8];
    const at = observations.rows[i] * 3 * k + first;
    for (let j = 0; j < free; j++) {
      const dx = deltas[at + j];
      const dy = deltas[at + k + j];
      const dz = deltas[at + 2 * k + j];
      out[rowU + CAMERA_UNKNOWNS + j] = ux * dx + uy * dy + uzz * dz;
      out[rowV + CAMERA_UNKNOWNS + j] = vx * dx + vy * dy + vzz * dz;
    }
  }
}

/** The state after a step of the free unknowns: rotation composed from the left, the rest added. */
export function stepState(state: LandmarkState, step: ArrayLike<number>): LandmarkState {
  const first = state.coefficients.length - (step.length - CAMERA_UNKNOWNS);
  const turn = rotationMatrix([step[0], step[1], step[2]]);
  return {
    rotation: multiply3(turn, state.rotation),
    view: state.view.map((value, i) => value + step[3 + i]),
    coefficients: state.coefficients.map((value, i) =>
      i < first ? value : value + step[CAMERA_UNKNOWNS + i - first],
    ),
  };
}
