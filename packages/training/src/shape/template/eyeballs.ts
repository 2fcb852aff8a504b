/**
 * The eyeballs' place behind the lids and how they move. The source's own eyeballs are not used: they do not turn with
 * the gaze shapes and carry three times the vertices.
 */
import type { Eyeball, HeadTemplate } from './types.ts';

/** Mean human iris radius in mm (white-to-white 11.7 mm). */
export const IRIS_RADIUS_MM = 5.85;

/** How far the lids' inner edge reaches below the ball's surface, so that no gap shows. */
const LID_OVERLAP_MM = 0.5;

/** Sphere through the lid's inner edge, a little larger so that the lid rests in it (Gauss-Newton from the loop's mean). */
export function fitEyeball(lid: readonly (readonly [number, number, number])[]): {
  centre: [number, number, number];
  radiusMm: number;
} {
  const n = lid.length;
  let radius = 15;
  const mean = [0, 1, 2].map((d) => lid.reduce((sum, q) => sum + q[d], 0) / n);
  let [cx, cy, cz] = [mean[0], mean[1], mean[2] - 12];
  for (let iteration = 0; iteration < 30; iteration++) {
    const rows = lid.map(([x, y, z]) => {
      const d = Math.hypot(x - cx, y - cy, z - cz);
      return { row: [-(x - cx) / d, -(y - cy) / d, -(z - cz) / d, -1], residual: d - radius };
    });
    const step = leastSquares(rows, 1e-9);
    cx += step[0];
    cy += step[1];
    cz += step[2];
    radius += step[3];
  }
  return { centre: [cx, cy, cz], radiusMm: radius + LID_OVERLAP_MM };
}

interface Row {
  readonly row: readonly number[];
  readonly residual: number;
}

/** Solves min sum (row . x + residual)^2 + ridge |x|^2 by Gaussian elimination of the normal equations. */
function leastSquares(rows: readonly Row[], ridge: number): number[] {
  const n = rows[0].row.length;
  const a = Array.from({ length: n }, (_, i) =>
    Array.from({ length: n + 1 }, (_unused, j) => (i === j ? ridge : 0)),
  );
  for (const { row, residual } of rows) {
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) a[i][j] += row[i] * row[j];
      a[i][n] -= row[i] * residual;
    }
  }
  for (let i = 0; i < n; i++) {
    for (let k = i + 1; k < n; k++) {
      const factor = a[k][i] / a[i][i];
      for (let j = i; j <= n; j++) a[k][j] -= factor * a[i][j];
    }
  }
  const x = Array.from({ length: n }, () => 0);
  for (let i = n - 1; i >= 0; i--) {
    let sum = a[i][n];
    for (let j = i + 1; j < n; j++) sum -= a[i][j] * x[j];
    x[i] = sum / a[i][i];
  }
  return x;
}

/** What moves an eyeball: the sockets (identity modes) or one expression. */
export type EyeballMotion = 'follow-sockets' | { readonly expression: string };

/** Turn of the eye at full weight of the gaze shapes, degrees. */
export const GAZE_DEGREES = { horizontal: 30, up: 25, down: 30 } as const;

/** Share of a point's sideways motion against its motion to and from the centre when the ball follows the lids. */
const SIDEWAYS_WEIGHT = 0.1;
/** Keeps depth and size apart where the lids alone cannot tell. */
const SIZE_RIDGE = 0.1;

/**
 * Displacements of both eyeballs' vertices for one mode, linear in the mode.
 *
 * @param skinDeltas [S, 3] or longer, mm; the skin's displacement by this mode
 * @returns [n, 3] for left and right
 */
export function eyeballDeltas(
  template: Pick<HeadTemplate, 'positions' | 'loops' | 'eyeballs'>,
  skinDeltas: Float32Array,
  motion: EyeballMotion,
): { left: Float32Array; right: Float32Array } {
  const { left, right } = template.eyeballs;
  if (motion === 'follow-sockets') {
    return {
      left: followLid(template.positions, template.loops.eyelid_left, skinDeltas, left),
      right: followLid(template.positions, template.loops.eyelid_right, skinDeltas, right),
    };
  }
  return { left: gaze(left, 'left', motion.expression), right: gaze(right, 'right', motion.expression) };
}

/**
 * Translation t and growth s (share of the radius) that follow the lid: they minimise the change of the gap between
 * lid and ball, n . (d - t) - s R with n the direction from the centre, and less so the lid's sideways motion.
 */
function followLid(
  positions: Float32Array,
  lid: Uint32Array,
  deltas: Float32Array,
  ball: Eyeball,
): Float32Array {
  const rows: Row[] = [];
  const r = ball.radiusMm;
  for (const v of lid) {
    const e = [0, 1, 2].map((d) => positions[3 * v + d] - ball.centre[d]);
    const d = [0, 1, 2].map((k) => deltas[3 * v + k]);
    const length = Math.hypot(e[0], e[1], e[2]);
    const n = e.map((value) => value / length);
    const radial = n[0] * d[0] + n[1] * d[1] + n[2] * d[2];
    rows.push({ row: [-n[0], -n[1], -n[2], -r], residual: radial });
    for (let k = 0; k < 3; k++) {
      // (I - n n^T)(d - t): growth moves points along n only.
      const row = [0, 1, 2].map((j) => -SIDEWAYS_WEIGHT * ((j === k ? 1 : 0) - n[j] * n[k]));
      rows.push({ row: [...row, 0], residual: SIDEWAYS_WEIGHT * (d[k] - radial * n[k]) });
    }
  }
  rows.push({ row: [0, 0, 0, SIZE_RIDGE * r * Math.sqrt(lid.length)], residual: 0 });
  const [tx, ty, tz, s] = leastSquares(rows, 1e-9);
  const result = new Float32Array(ball.directions.length);
  for (let i = 0; i < result.length; i += 3) {
    result[i] = tx + s * r * ball.directions[i];
    result[i + 1] = ty + s * r * ball.directions[i + 1];
    result[i + 2] = tz + s * r * ball.directions[i + 2];
  }
  return result;
}

/** (Rotation - identity) applied to the ball, for `eyeLook{Up,Down,In,Out}_{L,R}` and the ARKit spelling; 0 otherwise. */
function gaze(ball: Eyeball, side: 'left' | 'right', expression: string): Float32Array {
  const result = new Float32Array(ball.directions.length);
  const match = /^eyeLook(Up|Down|In|Out)_?(L|R|Left|Right)$/.exec(expression);
  if (match === null || (match[2].startsWith('L') ? 'left' : 'right') !== side) return result;
  const direction = match[1];
  const radians = Math.PI / 180;
  const pitch =
    direction === 'Up' ? GAZE_DEGREES.up * radians : direction === 'Down' ? -GAZE_DEGREES.down * radians : 0;
  // Inwards is towards the nose: -X for the left eye.
  const inwards = side === 'left' ? -1 : 1;
  const turn = direction === 'In' ? inwards : direction === 'Out' ? -inwards : 0;
  const yaw = turn * GAZE_DEGREES.horizontal * radians;
  const [cp, sp, cy, sy] = [Math.cos(pitch), Math.sin(pitch), Math.cos(yaw), Math.sin(yaw)];
  for (let i = 0; i < result.length; i += 3) {
    const [x, y, z] = ball.directions.subarray(i, i + 3);
    const [y1, z1] = [cp * y + sp * z, -sp * y + cp * z];
    const [x2, z2] = [cy * x + sy * z1, -sy * x + cy * z1];
    result[i] = ball.radiusMm * (x2 - x);
    result[i + 1] = ball.radiusMm * (y1 - y);
    result[i + 2] = ball.radiusMm * (z2 - z);
  }
  return result;
}
