/**
 * Which place on the model each contour landmark stands for at the present pose and shape.
 *
 * Seen from the front, a contour landmark is its own place on the jaw. On a turned head the far side's place is hidden
 * behind the cheek, and the detector follows the visible outline instead; so the landmark slides towards the middle of
 * the face until the surface faces the camera.
 */
import type { LandmarkBasis } from './landmark-basis.ts';
import type { LandmarkState } from './landmark-problem.ts';

/**
 * @param rows [N] in and out: rows of the basis.
 * @returns number of landmarks whose row changed.
 */
export function chooseContourRows(basis: LandmarkBasis, state: LandmarkState, rows: Uint32Array): number {
  let changed = 0;
  for (let i = 0; i < rows.length; i++) {
    const path = basis.slideRows[i];
    if (path.length === 0) continue;
    let chosen = basis.ownRow[i];
    let facing = cosineToCamera(basis, state, chosen);
    for (let k = 0; k < path.length && facing < 0; k++) {
      const candidate = cosineToCamera(basis, state, path[k]);
      if (candidate > facing) {
        facing = candidate;
        chosen = path[k];
      }
    }
    if (chosen !== rows[i]) {
      rows[i] = chosen;
      changed++;
    }
  }
  return changed;
}

/** Cosine between the mean head's normal at the row and the direction to the camera's centre. */
function cosineToCamera(basis: LandmarkBasis, state: LandmarkState, row: number): number {
  const r = state.rotation;
  const { mean, normals } = basis;
  const [mx, my, mz] = [mean[row * 3], mean[row * 3 + 1], mean[row * 3 + 2]];
  const [nx, ny, nz] = [normals[row * 3], normals[row * 3 + 1], normals[row * 3 + 2]];
  const toCamera = [
    -(r[0] * mx + r[1] * my + r[2] * mz + state.view[0]),
    -(r[3] * mx + r[4] * my + r[5] * mz + state.view[1]),
    Math.exp(state.view[3]) - (r[6] * mx + r[7] * my + r[8] * mz),
  ];
  const normal = [
    r[0] * nx + r[1] * ny + r[2] * nz,
    r[3] * nx + r[4] * ny + r[5] * nz,
    r[6] * nx + r[7] * ny + r[8] * nz,
  ];
  const dot = normal[0] * toCamera[0] + normal[1] * toCamera[1] + normal[2] * toCamera[2];
  return dot / Math.hypot(toCamera[0], toCamera[1], toCamera[2]);
}
