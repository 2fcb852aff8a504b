/** Known rotations in, the same angles out; signs as the contract states them. */
import { headPoseOf } from '@likeness/core/analysis';
import { describe, expect, it } from 'vitest';

const DEGREES = Math.PI / 180;

/** A flat mask facing the camera, mirrored about x = 0, with the points that the pose is read from; x right, y down, z away. */
function mask(): Float32Array {
  const points = new Float32Array(478 * 3);
  const set = (i: number, x: number, y: number): void => {
    points[i * 3] = x;
    points[i * 3 + 1] = y;
  };
  const pairs: [number, number, number, number][] = [
    [33, 263, 45, -30],
    [133, 362, 15, -30],
    [70, 300, 50, -48],
    [127, 356, 72, -30],
    [234, 454, 74, -5],
    [58, 288, 62, 45],
    [98, 327, 14, 15],
    [61, 291, 25, 40],
  ];
  for (const [right, left, x, y] of pairs) {
    set(right, -x, y);
    set(left, x, y);
  }
  for (const [i, y] of [
    [10, -90],
    [151, -70],
    [9, -50],
    [2, 20],
    [164, 26],
    [0, 32],
  ])
    set(i, 0, y);
  return points;
}

/** Turns about the vertical (face to image right), then nods (face up), then rolls clockwise, seen from the camera. */
function turned(points: Float32Array, roll: number, yaw: number, pitch: number): Float32Array {
  const out = new Float32Array(points.length);
  for (let i = 0; i < points.length; i += 3) {
    // Nod: looking up brings the chin (y > 0) nearer, z < 0.
    const y1 = points[i + 1] * Math.cos(pitch) + points[i + 2] * Math.sin(pitch);
    const z1 = -points[i + 1] * Math.sin(pitch) + points[i + 2] * Math.cos(pitch);
    // Turn towards image right: the image-right side of the face goes away, z > 0.
    const x2 = points[i] * Math.cos(yaw) - z1 * Math.sin(yaw);
    const z2 = points[i] * Math.sin(yaw) + z1 * Math.cos(yaw);
    out[i] = x2 * Math.cos(roll) - y1 * Math.sin(roll);
    out[i + 1] = x2 * Math.sin(roll) + y1 * Math.cos(roll);
    out[i + 2] = z2;
  }
  return out;
}

describe('head pose', () => {
  const rest = headPoseOf(mask());

  for (const [roll, yaw, pitch] of [
    [0, 0, 0],
    [30, 0, 0],
    [0, 40, 0],
    [0, 0, 25],
    [-120, -35, -20],
    [179, 15, 10],
  ]) {
    it(`finds roll ${roll}, yaw ${yaw}, pitch ${pitch}`, () => {
      const pose = headPoseOf(turned(mask(), roll * DEGREES, yaw * DEGREES, pitch * DEGREES));
      expect(pose.rollDegrees).toBeCloseTo(roll, 3);
      expect(pose.yawDegrees).toBeCloseTo(yaw, 3);
      expect(pose.pitchDegrees - rest.pitchDegrees).toBeCloseTo(pitch, 3);
    });
  }
});
