import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rotationMatrix } from '../../src/camera/index.ts';
import { orthographicPose } from '../../src/fitting/initial-pose.ts';

const angle = fc.double({ min: -2, max: 2, noNaN: true });

describe('orthographicPose', () => {
  const points = new Float64Array(60).map((_, i) => 60 * Math.sin(i * i + 1));

  it('recovers rotation, scale and offset of a scaled orthographic projection exactly', () => {
    fc.assert(
      fc.property(angle, angle, angle, fc.double({ min: 0.05, max: 20, noNaN: true }), (a, b, c, scale) => {
        const r = rotationMatrix([a, b, c]);
        const targets = new Float64Array(40);
        for (let i = 0; i < 20; i++) {
          for (let row = 0; row < 2; row++) {
            let sum = 0;
            for (let k = 0; k < 3; k++) sum += r[row * 3 + k] * points[i * 3 + k];
            targets[i * 2 + row] = scale * sum + 100 * (row + 1);
          }
        }
        const pose = orthographicPose(points, targets, new Float64Array(20).fill(1));
        expect(pose.scale / scale).toBeCloseTo(1, 6);
        expect(pose.offset[0]).toBeCloseTo(100, 4);
        expect(pose.offset[1]).toBeCloseTo(200, 4);
        for (let i = 0; i < 9; i++) expect(pose.rotation[i]).toBeCloseTo(r[i], 6);
      }),
    );
  });

  it('gives a proper rotation for any targets', () => {
    const targets = new Float64Array(40).map((_, i) => Math.cos(7 * i) * 30);
    const { rotation: m } = orthographicPose(points, targets, new Float64Array(20).fill(1));
    const det =
      m[0] * (m[4] * m[8] - m[5] * m[7]) -
      m[1] * (m[3] * m[8] - m[5] * m[6]) +
      m[2] * (m[3] * m[7] - m[4] * m[6]);
    expect(det).toBeCloseTo(1, 10);
  });

  it('says so when the points coincide', () => {
    expect(() => orthographicPose(new Float64Array(12), new Float64Array(8), new Float64Array(4))).toThrow(
      /no pose/u,
    );
  });
});
