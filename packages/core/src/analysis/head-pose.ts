/**
 * Head roll, yaw and pitch from the mesh points' own depth: the axes are read off pairs of points left and right and off
 * the middle line. A starting value for the fit and a warning for profile views, not a measurement.
 */
import type { HeadPose } from './types.ts';

/** Pairs of mesh points mirrored about the middle of the face: image left of an upright face, image right. */
const PAIRS: readonly (readonly [number, number])[] = [
  [33, 263],
  [133, 362],
  [70, 300],
  [127, 356],
  [234, 454],
  [58, 288],
  [98, 327],
  [61, 291],
];
/** Middle line, upper and lower ends. Points of the jaw are left out: it moves. */
const MIDDLE: readonly (readonly [number, number])[] = [
  [10, 164],
  [151, 2],
  [9, 0],
];
/** Pitch that these middle lines show on a face that looks straight ahead: median over the 117 people of the London and Canada sets. */
const NEUTRAL_PITCH_DEGREES = 6;

const DEGREES = 180 / Math.PI;

/** @param points [>= 468, 3] image pixels, depth growing away from the camera */
export function headPoseOf(points: Float32Array): HeadPose {
  const x = direction(points, PAIRS);
  const y = direction(points, MIDDLE);
  // The middle line is made square to the left-right axis, which is the steadier of the two.
  const along = x[0] * y[0] + x[1] * y[1] + x[2] * y[2];
  const down = normalised([y[0] - along * x[0], y[1] - along * x[1], y[2] - along * x[2]]);
  const back = [
    x[1] * down[2] - x[2] * down[1],
    x[2] * down[0] - x[0] * down[2],
    x[0] * down[1] - x[1] * down[0],
  ];
  const roll = Math.atan2(x[1], x[0]);
  const cos = Math.cos(roll);
  const sin = Math.sin(roll);
  // Yaw and pitch are those of the photo turned upright, so a picture lying on its side keeps them.
  const pitch = Math.atan2(cos * back[1] - sin * back[0], cos * down[1] - sin * down[0]);
  return {
    rollDegrees: roll * DEGREES,
    yawDegrees: Math.atan2(x[2], Math.hypot(x[0], x[1])) * DEGREES,
    pitchDegrees: pitch * DEGREES - NEUTRAL_PITCH_DEGREES,
  };
}

type Vector = [number, number, number];

function direction(points: Float32Array, lines: readonly (readonly [number, number])[]): Vector {
  const sum: Vector = [0, 0, 0];
  for (const [from, to] of lines) {
    for (let c = 0; c < 3; c++) sum[c] += points[to * 3 + c] - points[from * 3 + c];
  }
  return normalised(sum);
}

function normalised(v: Vector): Vector {
  const length = Math.hypot(v[0], v[1], v[2]) || 1;
  return [v[0] / length, v[1] / length, v[2] / length];
}
