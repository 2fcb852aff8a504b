import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cropCamera,
  type PinholeCamera,
  project,
  projectionJacobian,
  scaleCamera,
} from '../../src/camera/index.ts';

const CAMERA: PinholeCamera = {
  widthPx: 640,
  heightPx: 480,
  focalPx: 800,
  principalPointPx: [320, 240],
  rotation: [0, 0, 0],
  translationMm: [0, 0, -1000],
};

const camera: fc.Arbitrary<PinholeCamera> = fc
  .record({
    rotation: fc.tuple(angle(), angle(), angle()),
    translationMm: fc.tuple(offset(), offset(), fc.double({ min: -3000, max: -400, noNaN: true })),
    focalPx: fc.double({ min: 200, max: 5000, noNaN: true }),
  })
  .map((parts): PinholeCamera => Object.assign({}, CAMERA, parts));
const point = fc.tuple(offset(), offset(), offset());

function angle(): fc.Arbitrary<number> {
  return fc.double({ min: -1, max: 1, noNaN: true });
}
function offset(): fc.Arbitrary<number> {
  return fc.double({ min: -120, max: 120, noNaN: true });
}

describe('project', () => {
  it('puts +X to the right, +Y up and +Z nearer', () => {
    const out = project(CAMERA, Float32Array.of(0, 0, 0, 100, 0, 0, 0, 100, 0, 0, 0, 100));
    expect(Array.from(out)).toEqual([320, 240, 1000, 400, 240, 1000, 320, 160, 1000, 320, 240, 900]);
  });

  it('shows a head that turns to its own left (about +Y) with its nose to the image right', () => {
    const out = project({ ...CAMERA, rotation: [0, 0.3, 0] }, Float32Array.of(0, 0, 100));
    expect(out[0]).toBeGreaterThan(320);
  });

  it('refuses arrays that are no point lists', () => {
    expect(() => project(CAMERA, new Float32Array(4))).toThrow(RangeError);
    expect(() => project(CAMERA, new Float32Array(6), new Float32Array(3))).toThrow(RangeError);
  });

  it('moves with the crop and with the scale', () => {
    fc.assert(
      fc.property(
        camera,
        point,
        offset(),
        fc.double({ min: 0.1, max: 4, noNaN: true }),
        (cam, p, shift, factor) => {
          const whole = project(cam, Float32Array.from(p));
          const cropped = project(
            cropCamera(cam, { x: shift, y: -shift, width: 100, height: 90 }),
            Float32Array.from(p),
          );
          const scaled = project(scaleCamera(cam, factor), Float32Array.from(p));
          const tolerance = 1e-6 * (Math.abs(whole[0]) + Math.abs(whole[1]) + 1000);
          expect(Math.abs(cropped[0] - (whole[0] - shift))).toBeLessThan(tolerance);
          expect(Math.abs(cropped[1] - (whole[1] + shift))).toBeLessThan(tolerance);
          expect(Math.abs(scaled[0] - whole[0] * factor)).toBeLessThan(tolerance * Math.max(1, factor));
          expect(Math.abs(scaled[1] - whole[1] * factor)).toBeLessThan(tolerance * Math.max(1, factor));
          expect(scaled[2]).toBe(whole[2]);
        },
      ),
    );
    expect(() => cropCamera(CAMERA, { x: 0, y: 0, width: 0, height: 5 })).toThrow(/positive size/u);
    expect(() => scaleCamera(CAMERA, Number.NaN)).toThrow(/positive/u);
  });
});

describe('projectionJacobian', () => {
  it('equals central differences of the projection', () => {
    fc.assert(
      fc.property(point, fc.double({ min: 300, max: 3000, noNaN: true }), (p, focalPx) => {
        const base = [p[0], p[1], p[2] - 800];
        const analytic = projectionJacobian(focalPx, base[0], base[1], base[2]);
        const image = (q: number[]): number[] => [(focalPx * q[0]) / -q[2], (-focalPx * q[1]) / -q[2]];
        const step = 1e-3;
        for (let axis = 0; axis < 3; axis++) {
          const plus = image(base.map((value, k) => (k === axis ? value + step : value)));
          const minus = image(base.map((value, k) => (k === axis ? value - step : value)));
          for (let row = 0; row < 2; row++) {
            expect(Math.abs(analytic[row * 3 + axis] - (plus[row] - minus[row]) / (2 * step))).toBeLessThan(
              1e-6,
            );
          }
        }
      }),
    );
  });
});
