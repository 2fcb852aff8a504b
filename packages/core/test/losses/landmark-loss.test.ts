// Value by hand, gradient against central differences, refusals.
import { constant } from '@likeness/graph';
import { describe, expect, it } from 'vitest';
import { landmarkLoss, outerEyeDistance } from '../../src/losses/index.ts';
import { onShapes, slopeError, valueOf, type Loss } from './loss-checks.ts';

describe('landmarkLoss', () => {
  const loss: Loss = ({ target, points, weights }) => landmarkLoss(target, points, weights, { unit: 10 });

  it('is the weighted mean distance in units', async () => {
    const value = await valueOf(loss, {
      target: [
        [2, 2],
        [0, 0, 5, 5],
      ],
      points: [
        [2, 3],
        [3, 4, 99, 5, 6, 99],
      ],
      weights: [[2], [1, 3]],
    });
    expect(value).toBeCloseTo((0.5 * 1 + 0.1 * 3) / 4, 6);
  });

  it('has an exact gradient', async () => {
    const fixed: Loss = ({ target, points }) =>
      landmarkLoss(target, points, constant(Float32Array.of(1, 2, 0.5), [3]), { unit: 0.7 });
    expect(await slopeError(fixed, { target: { shape: [3, 2] }, points: { shape: [3, 3] } })).toBeLessThan(
      1e-3,
    );
  });

  it('refuses another number of landmarks', () => {
    expect(onShapes(loss, { target: [68, 2], points: [478, 3], weights: [478] })).toThrow(
      /photo's landmarks \[478, 2\]/,
    );
  });

  it('measures the outer eye corners', () => {
    const points = new Float32Array(468 * 3);
    points.set([30, 40], 33 * 3);
    expect(outerEyeDistance(points)).toBe(50);
  });
});
