import { applyAffine, composeAffine, invertAffine, squareToImage } from '@likeness/core/image';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const region = { centreX: 100, centreY: 60, side: 48, rotation: 0 };
// Hundredths: doubles drawn by their bits are nearly all next to zero, and then no map can be inverted.
const number = fc.integer({ min: -300, max: 300 }).map((x) => x / 100);
const map = fc.record({ a: number, b: number, c: number, d: number, e: number, f: number });

describe('affine maps', () => {
  it('lays a square crop over its region, edges on edges', () => {
    const toImage = squareToImage(region, 24);
    expect(applyAffine(toImage, 0, 0)).toEqual([76, 36]);
    expect(applyAffine(toImage, 24, 24)).toEqual([124, 84]);
    expect(applyAffine(toImage, 12, 12)).toEqual([100, 60]);
  });

  it('turns clockwise: the crop of a face that leans to image right is upright', () => {
    const toImage = squareToImage({ ...region, rotation: Math.PI / 2 }, 24);
    const [x, y] = applyAffine(toImage, 24, 12);
    expect(x).toBeCloseTo(100, 9);
    expect(y).toBeCloseTo(84, 9);
  });

  it('mirrors left to right about the region', () => {
    const plain = squareToImage({ ...region, rotation: 0.4 }, 24);
    const mirrored = squareToImage({ ...region, rotation: 0.4 }, 24, true);
    const a = applyAffine(plain, 5, 7);
    const b = applyAffine(mirrored, 19, 7);
    expect(b[0]).toBeCloseTo(a[0], 9);
    expect(b[1]).toBeCloseTo(a[1], 9);
  });

  it('composes as functions do, and inverts', () => {
    fc.assert(
      fc.property(map, map, number, number, (outer, inner, x, y) => {
        const direct = applyAffine(outer, ...applyAffine(inner, x, y));
        const composed = applyAffine(composeAffine(outer, inner), x, y);
        expect(composed[0]).toBeCloseTo(direct[0], 8);
        expect(composed[1]).toBeCloseTo(direct[1], 8);
        fc.pre(Math.abs(inner.a * inner.e - inner.b * inner.d) > 0.01);
        const back = applyAffine(invertAffine(inner), ...applyAffine(inner, x, y));
        expect(back[0]).toBeCloseTo(x, 6);
        expect(back[1]).toBeCloseTo(y, 6);
      }),
    );
  });

  it('refuses to invert a flat map', () => {
    expect(() => invertAffine({ a: 1, b: 2, c: 0, d: 2, e: 4, f: 0 })).toThrow(RangeError);
  });
});
