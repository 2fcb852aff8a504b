// Value by hand, gradient against central differences, refusals.
import { constant } from '@likeness/graph';
import { describe, expect, it } from 'vitest';
import { regularisationLoss } from '../../src/losses/index.ts';
import { onShapes, slopeError, valueOf, type Loss, type Numbers } from './loss-checks.ts';

describe('regularisationLoss', () => {
  it('is the Mahalanobis sum, or its mean', async () => {
    const p: Numbers = [[3], [1, 2, 3]];
    const variance = constant(Float32Array.of(1, 4, 9), [3]);
    expect(await valueOf(({ x }) => regularisationLoss(x), { x: p })).toBeCloseTo(14, 5);
    expect(await valueOf(({ x }) => regularisationLoss(x, { variance }), { x: p })).toBeCloseTo(3, 5);
    const shifted: Loss = ({ x }) => regularisationLoss(x, { variance, mean: 1, reduction: 'mean' });
    expect(await valueOf(shifted, { x: p })).toBeCloseTo((0 + 1 / 4 + 4 / 9) / 3, 5);
  });

  it('has an exact gradient', async () => {
    const variance = constant(Float32Array.of(1, 4, 0.5, 2), [4]);
    const loss: Loss = ({ x }) => regularisationLoss(x, { variance, mean: 0.3 });
    expect(await slopeError(loss, { x: { shape: [2, 4] } })).toBeLessThan(1e-3);
  });

  it('refuses variances of another number, and none', () => {
    const variance = constant(Float32Array.of(1, 2), [2]);
    expect(onShapes(({ x }) => regularisationLoss(x, { variance }), { x: [3] })).toThrow(/one variance/);
    expect(onShapes(({ x }) => regularisationLoss(x, { variance: 0 }), { x: [3] })).toThrow(/positive/);
  });
});
