import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { alignPoints, symmetricEigen, transformPoints } from '@likeness/core/geometry';

const coordinate = fc.double({ min: -100, max: 100, noNaN: true });
const component = fc.double({ min: -1, max: 1, noNaN: true });
const unitQuaternion = fc
  .array(component, { minLength: 4, maxLength: 4 })
  .filter((q) => Math.hypot(...q) > 0.1)
  .map((q) => q.map((x) => x / Math.hypot(...q)));

function rotationOf([w, x, y, z]: number[]): Float64Array {
  return Float64Array.of(
    1 - 2 * (y * y + z * z),
    2 * (x * y - w * z),
    2 * (x * z + w * y),
    2 * (x * y + w * z),
    1 - 2 * (x * x + z * z),
    2 * (y * z - w * x),
    2 * (x * z - w * y),
    2 * (y * z + w * x),
    1 - 2 * (x * x + y * y),
  );
}

describe('alignPoints', () => {
  it('recovers a known similarity', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(coordinate, coordinate, coordinate), { minLength: 6, maxLength: 30 }),
        unitQuaternion,
        fc.double({ min: 0.2, max: 5, noNaN: true }),
        fc.tuple(coordinate, coordinate, coordinate),
        (points, q, scale, t) => {
          const source = Float32Array.from(points.flat());
          // A thin cloud leaves the rotation undetermined: not this property's concern.
          const centred = [0, 1, 2].map((c) => points.reduce((s, p) => s + p[c], 0) / points.length);
          const scatter = new Float64Array(9);
          for (const p of points)
            for (let r = 0; r < 3; r++)
              for (let c = 0; c < 3; c++) scatter[r * 3 + c] += (p[r] - centred[r]) * (p[c] - centred[c]);
          fc.pre(symmetricEigen(scatter, 3).values[1] > 100);
          const known = { scale, rotation: rotationOf(q), translation: Float64Array.from(t) };
          const target = transformPoints(source, known);
          const found = transformPoints(source, alignPoints(source, target));
          for (const [i, x] of found.entries()) expect(Math.abs(x - target[i])).toBeLessThan(1e-2);
        },
      ),
      { seed: 1, numRuns: 200 },
    );
  });

  it('never answers with a reflection', () => {
    const source = Float32Array.from([0, 0, 0, 10, 0, 0, 0, 10, 0, 0, 0, 10, 5, 2, 1]);
    const mirrored = source.map((x, i) => (i % 3 === 0 ? -x : x));
    const { rotation: r } = alignPoints(source, mirrored);
    const determinant =
      r[0] * (r[4] * r[8] - r[5] * r[7]) -
      r[1] * (r[3] * r[8] - r[5] * r[6]) +
      r[2] * (r[3] * r[7] - r[4] * r[6]);
    expect(determinant).toBeCloseTo(1, 9);
  });

  it('keeps the size when rigid, and ignores points of weight 0', () => {
    const source = Float32Array.from([0, 0, 0, 10, 0, 0, 0, 10, 0, 0, 0, 10, 7, 7, 7]);
    const target = source.map((x) => 2 * x);
    expect(alignPoints(source, target, { scale: 'rigid' }).scale).toBe(1);
    const wrong = target.slice();
    wrong.set([500, -500, 0], 12);
    const found = alignPoints(source, wrong, { weights: Float32Array.of(1, 1, 1, 1, 0) });
    expect(found.scale).toBeCloseTo(2, 6);
    expect(found.rotation[0]).toBeCloseTo(1, 6);
  });

  it('refuses arrays that do not correspond', () => {
    expect(() => alignPoints([0, 0, 0], [0, 0])).toThrow(/two \[N, 3\]/);
    expect(() => alignPoints([0, 0, 0, 1, 1, 1], [0, 0, 0, 1, 1, 1])).toThrow(/at least 3/);
  });
});
