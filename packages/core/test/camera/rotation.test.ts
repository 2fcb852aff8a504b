import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { axisAngleOf, multiply3, rotationMatrix, rotationMatrixDerivatives } from '../../src/camera/index.ts';

const component = fc.double({ min: -2, max: 2, noNaN: true });
const vector = fc.tuple(component, component, component);

describe('rotationMatrix', () => {
  it('turns +Y onto +Z by a quarter turn about +X', () => {
    const r = rotationMatrix([Math.PI / 2, 0, 0]);
    expect([r[1], r[4], r[7]].map((value) => Math.round(value * 1e12) / 1e12)).toEqual([0, 0, 1]);
  });

  it('is orthonormal with determinant 1, and its negative is its transpose', () => {
    fc.assert(
      fc.property(vector, (w) => {
        const r = rotationMatrix(w);
        const back = rotationMatrix(w.map((value) => -value));
        const product = multiply3(r, back);
        for (let i = 0; i < 9; i++) expect(product[i]).toBeCloseTo(i % 4 === 0 ? 1 : 0, 12);
        for (let i = 0; i < 3; i++)
          for (let j = 0; j < 3; j++) expect(back[j * 3 + i]).toBeCloseTo(r[i * 3 + j], 12);
      }),
    );
  });

  it('is continuous where the series takes over from the closed form', () => {
    const direction = [0.6, -0.64, 0.48];
    for (const angle of [0, 1e-12, 0.9999e-4, 1.0001e-4, 2e-4]) {
      const r = rotationMatrix(direction.map((value) => value * angle));
      expect(
        Math.abs(r[3] - direction[2] * Math.sin(angle) - direction[0] * direction[1] * (1 - Math.cos(angle))),
      ).toBeLessThan(1e-15);
    }
  });
});

describe('rotationMatrixDerivatives', () => {
  it('equals central differences, at 0 and near it too', () => {
    const special = fc.constantFrom<[number, number, number]>(
      [0, 0, 0],
      [1e-9, 0, 0],
      [5e-5, 5e-5, -5e-5],
      [3, 0.2, 0],
    );
    fc.assert(
      fc.property(fc.oneof(vector, special), (w) => {
        const analytic = rotationMatrixDerivatives(w);
        const step = 1e-5;
        for (let i = 0; i < 3; i++) {
          const plus = rotationMatrix(w.map((value, k) => (k === i ? value + step : value)));
          const minus = rotationMatrix(w.map((value, k) => (k === i ? value - step : value)));
          for (let j = 0; j < 9; j++) {
            expect(Math.abs(analytic[i * 9 + j] - (plus[j] - minus[j]) / (2 * step))).toBeLessThan(1e-8);
          }
        }
      }),
    );
  });
});

describe('axisAngleOf', () => {
  it('inverts rotationMatrix, also next to 0 and to pi', () => {
    const special = fc.constantFrom<[number, number, number]>(
      [0, 0, 0],
      [1e-10, 0, 0],
      [Math.PI - 1e-7, 0, 0],
      [0, -3.1, 0.2],
    );
    fc.assert(
      fc.property(fc.oneof(vector, special), (w) => {
        const r = rotationMatrix(w);
        const again = rotationMatrix(axisAngleOf(r));
        for (let j = 0; j < 9; j++) expect(again[j]).toBeCloseTo(r[j], 9);
      }),
    );
  });
});
